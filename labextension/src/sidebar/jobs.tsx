import { useId, useState, type KeyboardEvent, type ReactElement } from 'react';

import type { Job, JobDetail } from '../api/shapes';
import { Age } from '../ui/time';
import { statusIcon } from '../ui/icons';
import { useCurrent } from '../ui/useCurrent';
import { ActionList } from './actionList';
import type { Desk } from '../desk';
import { JobFacts } from './jobFacts';

const NO_JOBS = 'No jobs yet. Run a %%securejob cell or choose New job.';
const GROUPS = ['Needs your decision', 'Mine', 'Others', 'Archived'];

/** Where the server's three flags put a job. */
function groupOf(job: Job): string {
  if (job.archived) {
    return 'Archived';
  }
  return job.needs_me ? 'Needs your decision' : job.mine ? 'Mine' : 'Others';
}

/** Up and Down move between the rows; Tab goes on to what a row has opened. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('.jp-SecureJobs-row')];
  const at = rows.indexOf(event.target as HTMLElement);
  if (step !== undefined && at !== -1) {
    event.preventDefault();
    rows[at + step]?.focus();
  }
}

function JobRow(props: {
  readonly desk: Desk;
  readonly job: Job;
  readonly open: boolean;
  readonly detail: JobDetail | null;
  readonly connected: boolean;
}): ReactElement {
  const { desk, job, open, detail, connected } = props;
  const id = useId();
  const Icon = statusIcon(job.status).react;
  return (
    <li>
      <button
        type="button"
        className="jp-SecureJobs-row"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          desk.model.choose(open ? null : job.id);
        }}
      >
        <Icon tag="span" elementSize="normal" aria-hidden="true" />
        <span className="jp-SecureJobs-name">{job.name}</span>
        <span className="jp-SecureJobs-status">{job.status_text}</span>
        <span className="jp-SecureJobs-about">
          {job.organisation} · <Age at={job.updated} />
        </span>
      </button>
      <div id={id} hidden={!open}>
        {open && (
          <>
            <JobFacts job={job} detail={detail} />
            <ActionList desk={desk} job={job} detail={detail} connected={connected} />
          </>
        )}
      </div>
    </li>
  );
}

/** The workspace's jobs in the server's groups, each row opening to what may be done. */
export function Jobs(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const shown = useCurrent(desk.model);
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLocaleLowerCase();
  const found = shown.jobs.filter(job =>
    `${job.name} ${job.status_text} ${job.organisation}`.toLocaleLowerCase().includes(wanted)
  );
  return (
    <div className="jp-SecureJobs-section" onKeyDown={walk}>
      <input
        type="search"
        className="jp-mod-styled jp-SecureJobs-filter"
        aria-label="Filter jobs"
        placeholder="Filter jobs"
        value={filter}
        onChange={event => {
          setFilter(event.target.value);
        }}
      />
      {shown.jobs.length === 0 && shown.updatedAt !== null && <p>{NO_JOBS}</p>}
      {shown.jobs.length > 0 && found.length === 0 && <p>No job matches the filter.</p>}
      {GROUPS.map(title => {
        const jobs = found.filter(job => groupOf(job) === title);
        return (
          jobs.length > 0 && (
            <section key={title} aria-label={title}>
              <h3>
                {title} ({jobs.length})
              </h3>
              <ul>
                {jobs.map(job => (
                  <JobRow
                    key={job.id}
                    desk={desk}
                    job={job}
                    open={shown.chosen === job.id}
                    detail={shown.detail?.id === job.id ? shown.detail : null}
                    connected={shown.connected}
                  />
                ))}
              </ul>
            </section>
          )
        );
      })}
    </div>
  );
}
