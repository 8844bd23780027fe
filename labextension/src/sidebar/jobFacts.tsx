import type { ReactElement } from 'react';

import type { Job, JobDetail, Run } from '../api/shapes';
import { rowCount } from '../runs/measures';
import { localTime } from '../ui/time';
import { heard } from './heard';

/** What the newest run came to, in the server's words. */
function runLine(run: Run): string {
  const parts = [
    `Run ${run.number}: ${run.status}`,
    run.waiting,
    run.error_text,
    run.rows === null ? null : rowCount(Math.min(run.rows, 100), run.rows)
  ];
  return parts.filter(part => part !== null).join(' · ');
}

/** The facts of one job under its row: description, rerun indicator, newest run, decisions, revocations. */
export function JobFacts(props: {
  readonly job: Job;
  readonly detail: JobDetail | null;
}): ReactElement {
  const { job, detail } = props;
  return (
    <>
      {job.description !== '' && <p className="jp-SecureJobs-text">{job.description}</p>}
      {job.rerun_indicator !== null && (
        <p className="jp-SecureJobs-indicator">{job.rerun_indicator}</p>
      )}
      {job.newest_run !== null && <p>{runLine(job.newest_run)}</p>}
      {detail !== null && detail.approval.length > 0 && (
        <ul aria-label={`Decisions on ${job.name}`} className="jp-SecureJobs-bullets">
          {detail.approval.map(each => (
            <li key={each.member}>
              {each.member} · {each.organisation}: {each.decision}
              {each.comment !== '' && ` – “${each.comment}”`}
            </li>
          ))}
        </ul>
      )}
      {detail !== null && detail.stops.length > 0 && (
        <ul aria-label={`Revocations of ${job.name}`} className="jp-SecureJobs-bullets">
          {detail.stops.map(stop => (
            <li key={`${stop.member} ${stop.scope}`}>
              Revoked by {stop.member}, {localTime(new Date(stop.time))}: {stop.effect} Key
              services: {heard(stop)}.
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
