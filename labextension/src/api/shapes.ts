import type { components } from './schema';

type Schemas = components['schemas'];

/** An answer has every field: what a request may leave out, the server fills in before it answers. */
type Answered<T> = T extends readonly (infer Item)[]
  ? readonly Answered<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]-?: Answered<Exclude<T[Key], undefined>> }
    : T;

/** One page of a list; `next` goes into `after` for the following one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export type Action = Answered<Schemas['ActionWire']>;
export type Dataset = Answered<Schemas['DatasetWire']>;
export type Decision = Schemas['DecisionAsked'];
export type InputVariable = Answered<Schemas['InputVariableWire']>;
export type Job = Answered<Schemas['JobWire']>;
export type JobDetail = Answered<Schemas['JobDetailWire']>;
export type LogText = Answered<Schemas['LogText']>;
export type MemberStatus = Answered<Schemas['StatusWire']>;
export type PinnedQuery = Answered<Schemas['PinnedWire']>;
export type Preview = Answered<Schemas['Preview']>;
export type ReviewStatement = Answered<Schemas['ReviewStatement']>;
export type Run = Answered<Schemas['RunWire']>;
export type Sequence = Answered<Schemas['Sequence']>;
export type Workspace = Answered<Schemas['WorkspaceWire']>;
