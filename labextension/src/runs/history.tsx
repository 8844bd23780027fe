import { useId, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { JobDetail, Run } from '../api/shapes';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace, Output } from '../job/places';
import { ProblemNotice } from '../ui/problemNotice';
import { StatusChip } from '../ui/statusChip';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { duration, rowCount } from './measures';
import { RunText } from './runText';
import { usePages } from './usePages';
import { VisibleText } from './visible';

/** The rows that a result's page shows at most. */
const SHOWN_ROWS = 100;

/** What can be done with a row of the history. */
interface RowActions {
  readonly open: (run: Run, output: Output) => void;
  readonly read: (run: Run, button: HTMLElement) => void;
}

function inputsOf(run: Run): string {
  return Object.entries(run.inputs)
    .map(([name, value]) => `${name} = ${String(value)}`)
    .join(', ');
}

function outcomeOf(run: Run): string {
  const line = run.error_line === null ? null : trans.__('line %1', run.error_line);
  const rows = run.rows === null ? null : rowCount(Math.min(run.rows, SHOWN_ROWS), run.rows);
  const parts = [run.waiting, run.error_class === run.status ? null : run.error_class, line, rows];
  return parts.filter(part => part !== null).join(' · ');
}

function RunRow(props: RowActions & { readonly run: Run }): ReactElement {
  const { run, open, read } = props;
  const name = trans.__('%1 run %2', run.kind, run.number);
  return (
    <tr
      onClick={event => {
        const on = event.target instanceof Element ? event.target.closest('button') : null;
        if (on === null && window.getSelection()?.isCollapsed !== false) {
          open(run, 'results');
        }
      }}
    >
      <th scope="row">
        <button
          type="button"
          className="jp-SecureJobs-link"
          aria-label={trans.__('Results of %1', name)}
          onClick={() => {
            open(run, 'results');
          }}
        >
          {run.number}
        </button>
      </th>
      <td className="jp-SecureJobs-when">
        <LocalTime at={run.created} />
      </td>
      <td>
        <StatusChip status={run.status} text={run.status} />
        <div className="jp-SecureJobs-outcome" dir="auto">
          <VisibleText text={outcomeOf(run)} />
        </div>
      </td>
      <td className="jp-mod-number">{run.run_ms === null ? '–' : duration(run.run_ms)}</td>
      <td className="jp-mod-number">{run.queued_ms === null ? '–' : duration(run.queued_ms)}</td>
      <td className="jp-SecureJobs-values" dir="auto">
        <VisibleText text={inputsOf(run)} />
      </td>
      <td className="jp-mod-number">{run.version}</td>
      <td>
        <bdi>{run.member}</bdi>
      </td>
      <td className="jp-SecureJobs-when">
        <button
          type="button"
          className="jp-SecureJobs-link"
          aria-label={trans.__('View query of %1', name)}
          onClick={event => {
            read(run, event.currentTarget);
          }}
        >
          {trans.__('View query')}
        </button>
        {run.kind === 'job' && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            aria-label={trans.__('Receipt of %1', name)}
            onClick={() => {
              open(run, 'receipt');
            }}
          >
            {trans.__('Receipt')}
          </button>
        )}
      </td>
    </tr>
  );
}

interface GroupProps extends RowActions {
  readonly desk: Desk;
  readonly path: string;
  readonly title: string;
  readonly empty: string;
}

/** All runs of one kind; the older ones come when they are asked for. */
function Group(props: GroupProps): ReactElement {
  const { desk, path, title, empty, open, read } = props;
  const { moved } = useCurrent(desk.model);
  const { runs, more, fetching, problem, retry } = usePages(
    desk.model.connection,
    path,
    String(moved)
  );
  const id = useId();
  const names = [
    trans.__('Run'),
    trans.__('Date and time'),
    trans.__('Status'),
    trans.__('Ran for'),
    trans.__('Queued for'),
    trans.__('Input values'),
    trans.__('Version'),
    trans.__('By'),
    trans.__('More')
  ];
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {runs === null && problem === null && <p role="status">{trans.__('Fetching the runs…')}</p>}
      {runs !== null && runs.length === 0 && <p>{empty}</p>}
      {runs !== null && runs.length > 0 && (
        <div
          className="jp-SecureJobs-wide"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Table of %1', title)}
        >
          <table className="jp-SecureJobs-table jp-SecureJobs-history">
            <thead>
              <tr>
                {names.map(name => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {runs.map(run => (
                <RunRow key={run.id} run={run} open={open} read={read} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more !== null && (
        <button
          type="button"
          className="jp-SecureJobs-action"
          aria-disabled={fetching}
          onClick={() => {
            if (!fetching) {
              more();
            }
          }}
        >
          {fetching ? trans.__('Fetching…') : trans.__('Show older runs')}
        </button>
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
  const [text, setText] = useState<Run | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const invoker = useRef<HTMLElement | null>(null);
  const actions: RowActions = {
    open: (run, output) => {
      place.go({ tab: 'query', run: run.id, output, wish: 'output' });
    },
    read: (run, button) => {
      invoker.current = button;
      setProblem(null);
      desk.model.connection
        .json<Run>(`${job.place}/runs/${encodeURIComponent(run.id)}`)
        .then(setText, (reason: unknown) => {
          setProblem(asProblem(reason));
        });
    }
  };
  const groups = [
    ['test', trans.__('Test Runs'), trans.__('No test runs yet. Test the draft to see one here.')],
    ['job', trans.__('Job Runs'), trans.__('No job runs yet. Run the job once it is accepted.')]
  ] as const;
  return (
    <div
      className="jp-SecureJobs-details"
      role="group"
      aria-label={trans.__('Run history of %1', detail.name)}
    >
      {problem !== null && <ProblemNotice problem={problem} />}
      {text?.code != null && (
        <RunText
          key={text.id}
          run={text}
          code={text.code}
          present={detail.version.code}
          line={text.error_line}
          close={() => {
            setText(null);
            invoker.current?.focus();
          }}
        />
      )}
      {groups.map(([kind, title, empty]) => (
        <Group
          key={kind}
          desk={desk}
          path={`${job.path}/runs?kind=${kind}`}
          title={title}
          empty={empty}
          {...actions}
        />
      ))}
    </div>
  );
}
