import type { ReactElement } from 'react';

import type { Job, Page, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import { ProblemNotice } from '../ui/problemNotice';
import { localTime } from '../ui/time';
import type { WorkspaceModel } from '../workspace/model';
import { useSnapshot } from '../workspace/useSnapshot';
import { duration, rowCount } from './measures';

/** Opens what one run left behind. */
export type OpenOutcome = (run: Run, part: 'result' | 'log') => void;

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
        <time dateTime={run.created}>{localTime(new Date(run.created))}</time>
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
              open(run, 'result');
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
              open(run, 'log');
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

/** The newest runs of one job: tests on synthetic tables, and job runs. */
export function RunHistory(props: {
  readonly model: WorkspaceModel;
  readonly job: Job;
  readonly path: string;
  readonly open: OpenOutcome;
}): ReactElement {
  const { model, job, path, open } = props;
  const moved = String(useSnapshot(model).updatedAt?.getTime());
  const tests = useLoaded<Page<Run>>(model.connection, `${path}/runs?kind=test&limit=100`, moved);
  const runs = useLoaded<Page<Run>>(model.connection, `${path}/runs?kind=job&limit=100`, moved);
  return (
    <article className="jp-SecureJobs-page" aria-label={`Run history: ${job.name}`}>
      <h2>{job.name}</h2>
      {[tests, runs].map(
        ({ problem, retry }, at) =>
          problem !== null && <ProblemNotice key={at} problem={problem} retry={retry} />
      )}
      {tests.value !== null && (
        <Runs title="Test Runs" runs={tests.value.items} empty="No test runs yet." open={open} />
      )}
      {runs.value !== null && (
        <Runs title="Job Runs" runs={runs.value.items} empty="No job runs yet." open={open} />
      )}
    </article>
  );
}
