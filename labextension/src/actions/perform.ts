import type { Connection } from '../api/connection';
import { Problem } from '../api/problem';
import type { Action, JobDetail, Run } from '../api/shapes';
import { download } from '../runs/download';
import { trans } from '../ui/translation';
import { callOf, orderedBy, type JobAddress } from './calls';
import type { ActionBody } from './sheet';

/** What an action gave, as far as it says so: the job as it is now, or the id of the run that was ordered. */
export interface Done {
  readonly detail: JobDetail | null;
  readonly run: string | null;
}

/** Does an action as this page knows it: of the server's answer its name counts, and no address of its. */
export async function perform(
  connection: Connection,
  job: JobAddress,
  detail: JobDetail,
  action: Action,
  body: ActionBody = {}
): Promise<Done> {
  const call = callOf(action.name, job, detail.newest_run);
  if (call === null) {
    throw new Problem(
      'UNKNOWN_ACTION',
      trans.__('This page does not know how “%1” is done.', action.label),
      trans.__('Update the extension to the version of the workspace server.')
    );
  }
  if (call.method === 'GET') {
    await download(connection, call.path, detail.name);
    return { detail: null, run: null };
  }
  const answer = await connection.json<JobDetail | Run | null>(call.path, {
    method: call.method,
    ...(call.method === 'DELETE' ? {} : { body: { ...call.body, ...body } })
  });
  return {
    detail: answer !== null && 'approval' in answer ? answer : null,
    run: orderedBy(action.name, answer)
  };
}
