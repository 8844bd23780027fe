import type { Connection } from '../api/connection';
import type { Action, JobDetail } from '../api/shapes';
import { download } from '../runs/download';
import type { ActionBody } from './sheet';

/** Does what an action says: the server's own method, address and body, with what its form collected. */
export async function perform(
  connection: Connection,
  action: Action,
  name: string,
  body: ActionBody = {}
): Promise<JobDetail | null> {
  if (action.method === 'GET') {
    await download(connection, action.href, name);
    return null;
  }
  const answer = await connection.json<JobDetail | null>(action.href, {
    method: action.method,
    ...(action.method === 'DELETE' ? {} : { body: { ...action.body, ...body } })
  });
  return answer !== null && 'approval' in answer ? answer : null;
}
