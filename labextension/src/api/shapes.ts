import type { components } from './schema';

type Schemas = components['schemas'];

/** An answer has every field: what a request may leave out, the server fills in before it answers. */
type Answered<T> = T extends readonly (infer Item)[]
  ? readonly Answered<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]-?: Answered<Exclude<T[Key], undefined>> }
    : T;

/** What is sent is never changed on the way either. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** One page of a list; `next` goes into `after` for the following one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export type AuditEvent = Answered<Schemas['AuditWire']>;
export type CheckResult = Answered<Schemas['CheckWire']>;
export type Comparison = Answered<Schemas['ComparisonWire']>;
export type ComputeOffer = Answered<Schemas['ComputeOffer']>;
export type ComputeProfile = Answered<Schemas['ProfileWire']>;
export type Dataset = Answered<Schemas['DatasetWire']>;
export type Decision = Schemas['DecisionAsked'];
export type DraftChange = Frozen<Partial<Schemas['DraftChange']>>;
export type Job = Answered<Schemas['JobWire']>;
export type JobCounts = Answered<Schemas['JobCounts']>;
export type JobDetail = Answered<Schemas['JobDetailWire']>;
export type LastReview = Answered<Schemas['LastReviewWire']>;
export type LogText = Answered<Schemas['LogText']>;
export type MemberStatus = Answered<Schemas['StatusWire']>;
export type Notice = Answered<Schemas['NoticeWire']>;
export type PinnedQuery = Answered<Schemas['PinnedWire']>;
export type Preview = Answered<Schemas['Preview']>;
export type ReviewStatement = Answered<Schemas['ReviewStatement']>;
export type Receipt = Answered<Schemas['ReceiptWire']>;
export type RevocationAsked = Schemas['RevocationAsked'];
export type Run = Answered<Schemas['RunWire']>;
export type Script = Answered<Schemas['ScriptWire']>;
export type Sequence = Answered<Schemas['Sequence']>;
export type Workspace = Answered<Schemas['WorkspaceWire']>;

// Shapes that requests and answers share have two names in the schema; these are the answers' ones.
export type Action = Job['actions'][number];
export type Version = JobDetail['version'];
export type InputVariable = Version['inputs'][number];
