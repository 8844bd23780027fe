import type { ReactElement } from 'react';

import type { Connection } from '../api/connection';
import type { LogText, Preview, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { rowCount } from './measures';

interface PartProps {
  readonly connection: Connection;
  readonly run: Run;
  readonly path: string;
}

function Rows(props: { readonly result: Preview }): ReactElement {
  const { columns, rows, types } = props.result;
  return (
    <table className="jp-SecureJobs-table">
      <thead>
        <tr>
          {columns.map((column, at) => (
            <th key={at} scope="col" title={types[at]}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, column) => (
              <td key={column}>{cell ?? <i>null</i>}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One run's result, opened by the member side: at most 100 rows, every cell as text. */
export function ResultPart(props: PartProps): ReactElement {
  const { connection, run, path } = props;
  const { value, problem, retry } = useLoaded<Preview>(
    connection,
    `${path}/result`,
    '',
    run.has_result
  );
  if (!run.has_result) {
    return <p>{trans.__('This run has no result.')}</p>;
  }
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Checking the receipt and opening what was sealed…')}</p>;
  }
  return (
    <div className={value.synthetic ? 'jp-SecureJobs-synthetic' : undefined}>
      {value.synthetic && <p>{trans.__('Synthetic data')}</p>}
      <p>{rowCount(value.rows.length, value.total)}</p>
      <div className="jp-SecureJobs-wide" tabIndex={0} role="region" aria-label={trans.__('Rows')}>
        <Rows result={value} />
      </div>
      {value.withheld.map((line, at) => (
        <p key={at}>{line}</p>
      ))}
    </div>
  );
}

/** One run's log as far as the accepted log policy lets it out; an empty one says why. */
export function LogPart(props: PartProps): ReactElement {
  const { connection, run, path } = props;
  const { value, problem, retry } = useLoaded<LogText>(connection, `${path}/log`, '', run.has_log);
  if (!run.has_log) {
    return <p>{trans.__('This run has no log.')}</p>;
  }
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Opening the log…')}</p>;
  }
  return (
    <>
      {value.empty_because !== null && <p>{value.empty_because}</p>}
      {value.text !== '' && (
        <pre className="jp-SecureJobs-code" tabIndex={0} role="region" aria-label={trans.__('Log')}>
          {value.text}
        </pre>
      )}
    </>
  );
}
