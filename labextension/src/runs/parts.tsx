import { Clipboard } from '@jupyterlab/apputils';
import { useMemo, useState, type ReactElement } from 'react';

import type { LogText, Preview, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { asTsv } from './cells';
import { chartable } from './chart';
import { fileNameOf } from './download';
import { canDraw, ResultChart } from './drawing';
import { rowCount } from './measures';
import { SaveButtons } from './saving';
import { ResultTable } from './table';
import { LocalTime } from '../ui/time';
import { VisibleText } from '../ui/visibleText';

/** What a part of a run's outcome is drawn from; `path` is the run's own at the member side. */
export interface PartProps {
  readonly desk: Desk;
  readonly run: Run;
  readonly path: string;
  /** The organisation whose members open what job runs gave. */
  readonly organisation: string;
}

/** Says to members of other organisations whose result it is; nothing is asked for. */
function NotForThem(props: { readonly organisation: string }): ReactElement {
  return (
    <p>
      {trans.__('Results and logs of job runs are for members of %1.', props.organisation)}{' '}
      {trans.__('Everybody can read the receipt.')}
    </p>
  );
}

/** What stands where a result or log is not there: it comes, was removed, or there was none. */
function Missing(props: {
  readonly run: Run;
  readonly coming: string;
  readonly none: string;
}): ReactElement {
  const { run, coming, none } = props;
  if (run.outputs_removed === null) {
    return <p>{run.active ? coming : none}</p>;
  }
  return (
    <p>
      {trans.__('Removed on')} <LocalTime at={run.outputs_removed} />
      {': '}
      {trans.__(
        'the workspace server keeps results and logs for a time. The receipt stays; run the job again for new rows.'
      )}
    </p>
  );
}

function Checked(props: { readonly lines: readonly string[] }): ReactElement {
  return (
    <details className="jp-SecureJobs-checked">
      <summary>{trans.__('Checked on your side')}</summary>
      <ul>
        {props.lines.map((line, at) => (
          <li key={at} dir="auto">
            {line}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Opened(props: PartProps & { readonly result: Preview }): ReactElement {
  const { desk, run, path, result } = props;
  const { model, renderers } = desk;
  const [charted, setCharted] = useState(false);
  const found = useMemo(() => (canDraw(renderers) ? chartable(result) : null), [renderers, result]);
  const told = (sentence: string): void => {
    model.announce(sentence);
  };
  return (
    <div className={result.synthetic ? 'jp-SecureJobs-synthetic' : undefined}>
      <div className="jp-SecureJobs-toolbar">
        {result.synthetic && <strong>{trans.__('Synthetic data')}</strong>}
        <span>{rowCount(result.rows.length, result.total)}</span>
        {found !== null && (
          <span role="group" aria-label={trans.__('Show as')} className="jp-SecureJobs-toggle">
            {[false, true].map(chart => (
              <button
                key={String(chart)}
                type="button"
                className="jp-SecureJobs-action"
                aria-pressed={charted === chart}
                onClick={() => {
                  setCharted(chart);
                }}
              >
                {chart ? trans.__('Chart') : trans.__('Table')}
              </button>
            ))}
          </span>
        )}
        <button
          type="button"
          className="jp-SecureJobs-action"
          title={trans.__('Copy the rows that are shown, separated by tabs')}
          onClick={() => {
            Clipboard.copyToSystem(asTsv(result.columns, result.types, result.rows));
            told(trans.__('%1 copied.', rowCount(result.rows.length, result.total)));
          }}
        >
          {trans.__('Copy rows')}
        </button>
        <SaveButtons
          connection={model.connection}
          name={fileNameOf(run)}
          told={told}
          files={[
            { label: trans.__('Export CSV'), path: `${path}/result.csv` },
            { label: trans.__('Export Parquet'), path: `${path}/result.parquet` }
          ]}
        />
      </div>
      {result.withheld.map((line, at) => (
        <p key={at} className="jp-SecureJobs-withheld" dir="auto">
          {line}
        </p>
      ))}
      {charted && found !== null ? (
        <ResultChart renderers={renderers} result={result} found={found} />
      ) : result.columns.length === 0 ? (
        <p>{trans.__('The result has no columns.')}</p>
      ) : (
        <ResultTable result={result} told={told} />
      )}
      {result.rows.length === 0 && <p>{trans.__('The result has no rows.')}</p>}
      {run.outputs_until !== null && (
        <p className="jp-SecureJobs-until">
          {trans.__('The workspace server keeps it until')} <LocalTime at={run.outputs_until} />.
        </p>
      )}
      <Checked lines={result.verified} />
    </div>
  );
}

/** One run's result, opened by the member side: at most 100 rows, as table or chart, and to be saved. */
export function ResultPart(props: PartProps): ReactElement {
  const { desk, run, path, organisation } = props;
  const { value, problem, retry } = useLoaded<Preview>(
    desk.model.connection,
    `${path}/result`,
    '',
    run.has_result && run.can_open
  );
  if (!run.can_open) {
    return <NotForThem organisation={organisation} />;
  }
  if (!run.has_result) {
    return (
      <Missing
        run={run}
        coming={trans.__('The result comes when the run ends.')}
        none={trans.__('No result.')}
      />
    );
  }
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Checking the receipt and opening what was sealed…')}</p>;
  }
  return <Opened {...props} result={value} />;
}

/** One run's log as far as the accepted log policy lets it out; an empty one says why. */
export function LogPart(props: PartProps): ReactElement {
  const { desk, run, path, organisation } = props;
  const { value, problem, retry } = useLoaded<LogText>(
    desk.model.connection,
    `${path}/log`,
    '',
    run.has_log && run.can_open
  );
  if (!run.can_open) {
    return <NotForThem organisation={organisation} />;
  }
  if (!run.has_log) {
    return (
      <Missing
        run={run}
        coming={trans.__('The log comes when the run ends.')}
        none={trans.__('No log.')}
      />
    );
  }
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Opening the log…')}</p>;
  }
  return (
    <>
      <div className="jp-SecureJobs-toolbar">
        {value.empty_because !== null && <span>{value.empty_because}</span>}
        <SaveButtons
          connection={desk.model.connection}
          name={fileNameOf(run)}
          told={sentence => {
            desk.model.announce(sentence);
          }}
          files={[{ label: trans.__('Export TXT'), path: `${path}/log.txt` }]}
        />
      </div>
      {value.text !== '' && (
        <pre
          className="jp-SecureJobs-code"
          dir="auto"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Log')}
        >
          <VisibleText text={value.text} />
        </pre>
      )}
    </>
  );
}
