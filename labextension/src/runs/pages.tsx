import type { ReactElement, ReactNode } from 'react';

import type { Connection } from '../api/connection';
import type { LogText, Preview } from '../api/shapes';
import { useLoaded, type Loaded } from '../api/useLoaded';
import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import { rowCount } from './measures';

interface OutcomeProps {
  readonly connection: Connection;
  readonly title: string;
  readonly path: string;
}

function Frame(props: {
  readonly title: string;
  readonly loaded: Loaded<unknown>;
  readonly children: ReactNode;
}): ReactElement {
  const { title, loaded, children } = props;
  return (
    <article className="jp-SecureJobs-page" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <AssuranceChip />
      </header>
      {loaded.problem !== null && <ProblemNotice problem={loaded.problem} retry={loaded.retry} />}
      {loaded.value === null && loaded.problem === null && (
        <p role="status">Checking the receipt and opening what was sealed…</p>
      )}
      {children}
    </article>
  );
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
export function ResultPage(props: OutcomeProps): ReactElement {
  const { connection, title, path } = props;
  const loaded = useLoaded<Preview>(connection, path);
  const result = loaded.value;
  return (
    <Frame title={title} loaded={loaded}>
      {result !== null && (
        <div className={result.synthetic ? 'jp-SecureJobs-synthetic' : undefined}>
          {result.synthetic && <p>Synthetic data</p>}
          <p>{rowCount(result.rows.length, result.total)}</p>
          <div className="jp-SecureJobs-wide" tabIndex={0} role="region" aria-label="Rows">
            <Rows result={result} />
          </div>
          {result.withheld.length > 0 && (
            <>
              <h3>Output rules</h3>
              <ul className="jp-SecureJobs-bullets">
                {result.withheld.map((line, at) => (
                  <li key={at}>{line}</li>
                ))}
              </ul>
            </>
          )}
          {result.verified.length > 0 && (
            <>
              <h3>Checked on your side</h3>
              <ul className="jp-SecureJobs-bullets">
                {result.verified.map((line, at) => (
                  <li key={at}>{line}</li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Frame>
  );
}

/** One run's log as far as the accepted log policy lets it out; an empty one says why. */
export function LogPage(props: OutcomeProps): ReactElement {
  const { connection, title, path } = props;
  const loaded = useLoaded<LogText>(connection, path);
  const log = loaded.value;
  return (
    <Frame title={title} loaded={loaded}>
      {log !== null && (
        <>
          {log.empty_because !== null && <p>{log.empty_because}</p>}
          {log.text !== '' && (
            <pre className="jp-SecureJobs-code" tabIndex={0} role="region" aria-label="Log">
              {log.text}
            </pre>
          )}
        </>
      )}
    </Frame>
  );
}
