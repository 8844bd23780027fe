import type { JobDetail } from '../api/shapes';

export type Approval = JobDetail['approval'][number];

/** A member without a decision that this side verified; `said` is what the server claims, null where it claims none. */
export interface Unverified {
  readonly member: string;
  readonly organisation: string;
  readonly said: string | null;
}

/** The decisions on a submission: what this side verified, apart from what only the server tells. */
export interface Stated {
  readonly verified: readonly Approval[];
  readonly others: readonly Unverified[];
}

/**
 * Parts the members whose decisions this side verified from those of whom only the server speaks: of these no words are
 * taken over, and what was verified stands whether the server tells it or not.
 */
export function stated(told: readonly Approval[], verified: readonly Approval[]): Stated {
  const known = new Set(verified.map(each => each.member));
  return {
    verified,
    others: told
      .filter(each => !known.has(each.member))
      .map(({ member, organisation, decision, time }) => ({
        member,
        organisation,
        said: time === null ? null : decision
      }))
  };
}
