import type { ReactElement } from 'react';

import type { JobDetail, Page, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace, Output } from '../job/places';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { duration, rowCount } from './measures';

/** Opens what one run left behind. */
export type OpenOutcome = (run: Run, output: Output) => void;

interface RunsProps {
  readonly title: string;
  readonly runs: readonly Run[];
  readonly empty: string;
  readonly open: OpenOutcome;
}

function inputsOf(run: Run): string {
  return Object.entries(run.inputs)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ');
}

function outcomeOf(run: Run): string {
  const parts = [run.status, run.waiting, run.error_text];
  if (run.rows !== null) {
    parts.push(rowCount(Math.min(run.rows, 100), run.rows));
  }
  return parts.filter(part => part !== null).join(' · ');
}

function RunRow(props: { readonly run: Run; readonly open: OpenOutcome }): ReactElement {
  const { run, open } = props;
  return (
    <tr>
      <td>{run.number}</td>
      <td>
        <LocalTime at={run.created} />
      </td>
      <td>{outcomeOf(run)}</td>
      <td>{run.run_ms === null ? '–' : duration(run.run_ms)}</td>
      <td>{inputsOf(run)}</td>
      <td>{run.version}</td>
      <td>
        {run.has_result && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            aria-label={`Results of ${run.kind} run ${run.number}`}
            onClick={() => {
              open(run, 'results');
            }}
          >
            Results
          </button>
        )}
        {run.has_log && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            aria-label={`Log of ${run.kind} run ${run.number}`}
            onClick={() => {
              open(run, 'logs');
            }}
          >
            Log
          </button>
        )}
      </td>
    </tr>
  );
}

function Runs(props: RunsProps): ReactElement {
  const { title, runs, empty, open } = props;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {runs.length === 0 ? (
        <p>{empty}</p>
      ) : (
        <div
          className="jp-SecureJobs-wide"
          tabIndex={0}
          role="region"
          aria-label={`Table of ${title}`}
        >
          <table className="jp-SecureJobs-table">
            <thead>
              <tr>
                {['Run', 'Ordered', 'Status', 'Ran for', 'Input values', 'Version', 'Open'].map(
                  name => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  )
                )}
              </tr>
            </thead>
            <tbody>
              {runs.map(run => (
                <RunRow key={run.id} run={run} open={open} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** All runs of one job, the newest first: tests on synthetic tables, and job runs. */
export function RunHistory(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly place: JobPlace;
}): ReactElement {
  const { desk, job, detail, place } = props;
  const { connection } = desk.model;
  const moved = String(useCurrent(desk.model).moved);
  const tests = useLoaded<Page<Run>>(connection, `${job.path}/runs?kind=test&limit=100`, moved);
  const runs = useLoaded<Page<Run>>(connection, `${job.path}/runs?kind=job&limit=100`, moved);
  const open: OpenOutcome = (run, output) => {
    place.go({ tab: 'query', run: run.id, output });
  };
  return (
    <div className="jp-SecureJobs-details" aria-label={trans.__('Run history of %1', detail.name)}>
      {[tests, runs].map(
        ({ problem, retry }, at) =>
          problem !== null && <ProblemNotice key={at} problem={problem} retry={retry} />
      )}
      {tests.value !== null && (
        <Runs
          title={trans.__('Test Runs')}
          runs={tests.value.items}
          empty={trans.__('No test runs yet.')}
          open={open}
        />
      )}
      {runs.value !== null && (
        <Runs
          title={trans.__('Job Runs')}
          runs={runs.value.items}
          empty={trans.__('No job runs yet.')}
          open={open}
        />
      )}
    </div>
  );
}
