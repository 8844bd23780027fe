import { idOf } from '../api/ids.js';
import { visible } from '../ui/visible.js';

/** The media type of a reference to a job, as the magics write it into a notebook. */
export const CARD_TYPE = 'application/vnd.jupyter-secure-jobs.job+json';

/** Which job an output shows, which of its runs if it is about one, and as whom the cell said that it ran. */
export interface Reference {
  readonly workspace: string;
  readonly job: string;
  readonly run: string | null;
  readonly member: string | null;
}

const LONGEST_MEMBER = 254;

/** Reads what a notebook says; a notebook may say anything, so what is no reference is null. */
export function referenceOf(value: unknown): Reference | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const said = value as Readonly<Record<string, unknown>>;
  const workspace = idOf(said['workspace']);
  const job = idOf(said['job']);
  const run = said['run'] === undefined ? null : idOf(said['run']);
  if (workspace === null || job === null || (said['run'] !== undefined && run === null)) {
    return null;
  }
  const member = said['member'];
  const named = typeof member === 'string' && member !== '' && member.length <= LONGEST_MEMBER;
  return { workspace, job, run, member: named ? visible(member) : null };
}

/** The first reference among the outputs of a cell, given as the notebook's file has it. */
export function referenceIn(cell: unknown): Reference | null {
  const outputs = (cell as { readonly outputs?: unknown } | null)?.outputs;
  if (!Array.isArray(outputs)) {
    return null;
  }
  for (const output of outputs as readonly unknown[]) {
    const data = (output as { readonly data?: Readonly<Record<string, unknown>> } | null)?.data;
    const reference = referenceOf(data?.[CARD_TYPE]);
    if (reference !== null) {
      return reference;
    }
  }
  return null;
}
