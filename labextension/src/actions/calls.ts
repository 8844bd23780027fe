import { idOf } from '../api/ids.js';
import type { JobDetail } from '../api/shapes';

/** What an action's form asks before it is done. */
export type Ask = 'inputs' | 'confirm' | 'shown' | 'live';

/** How one action is called. `own`: at the member side, which signs; else at the workspace server. */
interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly own?: true;
  /** The address is below the newest job run and not below the job. */
  readonly ofRun?: true;
  readonly asks: readonly Ask[];
  readonly body?: Readonly<Record<string, string>>;
}

/**
 * THE TABLE OF CALLS. A workspace server says which actions there are, which are allowed and why not; how they are
 * called is written here. Otherwise it could have a click on *Archive* sign something else, or reach another part of
 * this Jupyter server. Actions that are done in a part of the page stand in `job/places.ts`.
 */
const CALLS: Readonly<Record<string, Call>> = {
  test: { method: 'POST', path: 'tests', asks: ['inputs'] },
  submit: { method: 'POST', path: 'submit', own: true, asks: ['confirm', 'shown'] },
  discard_draft: { method: 'POST', path: 'discard-draft', asks: ['confirm'] },
  delete: { method: 'DELETE', path: '', asks: ['confirm'] },
  cancel_review: { method: 'POST', path: 'cancel-review', asks: ['confirm'] },
  run: { method: 'POST', path: 'runs', own: true, asks: ['inputs', 'live'] },
  cancel: { method: 'POST', path: 'cancel', asks: ['confirm'] },
  new_draft: { method: 'POST', path: 'new-draft', asks: [] },
  activate: { method: 'POST', path: 'activate', asks: ['confirm'] },
  revoke: {
    method: 'POST',
    path: 'revocations',
    own: true,
    asks: ['confirm', 'live'],
    body: { scope: 'reruns' }
  },
  withdraw: {
    method: 'POST',
    path: 'revocations',
    own: true,
    asks: ['confirm', 'live'],
    body: { scope: 'all' }
  },
  export_results: { method: 'GET', path: 'result.csv', own: true, ofRun: true, asks: [] },
  export_logs: { method: 'GET', path: 'log.txt', own: true, ofRun: true, asks: [] },
  archive: { method: 'POST', path: 'archive', asks: ['confirm'] },
  unarchive: { method: 'POST', path: 'unarchive', asks: [] }
};

/** Where a job is, by ids that were checked when its page was opened. */
export interface JobAddress {
  /** `workspaces/W` */
  readonly place: string;
  /** `workspaces/W/jobs/J` */
  readonly path: string;
}

/** A request as this page makes it. */
export interface MadeCall {
  readonly method: Call['method'];
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
}

function callNamed(name: string): Call | undefined {
  return Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
}

/** Whether this page knows how an action is called. */
export function isKnown(name: string): boolean {
  return callNamed(name) !== undefined;
}

/** What an action's form asks; nothing for an action that this page does not know. */
export function asksOf(name: string): ReadonlySet<Ask> {
  return new Set(callNamed(name)?.asks);
}

/** The request of an action on a job; null for one that this page does not know, or of a run that there is not. */
export function callOf(
  name: string,
  job: JobAddress,
  newest: Pick<NonNullable<JobDetail['newest_run']>, 'id'> | null
): MadeCall | null {
  const call = callNamed(name);
  const run = idOf(newest?.id);
  if (call === undefined || (call.ofRun === true && run === null)) {
    return null;
  }
  const below = call.ofRun === true ? `${job.place}/runs/${run ?? ''}` : job.path;
  const path = [...(call.own === true ? ['member'] : []), below, call.path].filter(
    part => part !== ''
  );
  return { method: call.method, path: path.join('/'), body: call.body ?? {} };
}

/**
 * The id of the run that an action ordered, as its own member side answers. What a workspace server answers orders
 * nothing: its results would be opened here, in the member's name.
 */
export function orderedBy(name: string, answer: object | null): string | null {
  const own = callNamed(name)?.own === true;
  return own && answer !== null && 'has_result' in answer && 'id' in answer
    ? idOf(answer.id)
    : null;
}
