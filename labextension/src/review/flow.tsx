import { Fragment, type ReactElement } from 'react';

import type { ReviewStatement } from '../api/shapes';
import { trans } from '../ui/translation';

type Flow = ReviewStatement['flow'];
type Source = Flow['conditions'][number];

const LINKED_LINES = 12;

function nameOf(source: Source): string {
  return `${source.table}.${source.column}`;
}

function Sources(props: { readonly sources: readonly Source[] }): ReactElement {
  const { sources } = props;
  return (
    <>
      {sources.length === 0 && trans.__('no column')}
      {sources.map((source, at) => (
        <Fragment key={nameOf(source)}>
          {at > 0 && ', '}
          <code className={source.yours ? 'jp-SecureJobs-own' : undefined} title={source.owner}>
            <bdi>{nameOf(source)}</bdi>
          </code>
          {source.yours && <strong> {trans.__('(yours)')}</strong>}
        </Fragment>
      ))}
    </>
  );
}

/** Own columns that are used, each table with its columns. */
function ownTables(flow: Flow): readonly (readonly [string, readonly string[]])[] {
  const tables = new Map<string, Set<string>>();
  for (const source of [...flow.columns.flatMap(each => each.sources), ...flow.conditions]) {
    if (source.yours) {
      const columns = tables.get(source.table) ?? new Set();
      tables.set(source.table, columns.add(source.column));
    }
  }
  return [...tables].map(([table, columns]) => [table, [...columns].sort()]);
}

/** What of the reviewer's own data is read, where in the code, and which columns flow into which of the result. */
export function YourData(props: {
  readonly review: ReviewStatement;
  readonly goTo: (line: number) => void;
}): ReactElement {
  const { review, goTo } = props;
  const { flow, marks } = review;
  const own = ownTables(flow);
  const lines = [...new Set(marks.map(mark => mark.line))].sort((one, other) => one - other);
  return (
    <>
      {own.map(([table, columns]) => (
        <p key={table}>
          {trans.__('Of your dataset')} <strong dir="auto">{table}</strong>{' '}
          {trans._n('one column is used:', '%1 columns are used:', columns.length)}{' '}
          <bdi>{columns.join(', ')}</bdi>.
        </p>
      ))}
      {own.length === 0 && (
        <p>
          {flow.known
            ? trans.__('No column of your organisation’s data is used.')
            : trans.__('Which of your columns are used could not be found out.')}
        </p>
      )}
      {lines.length > 0 && (
        <p>
          {trans.__('Marked in the code:')}{' '}
          {lines.slice(0, LINKED_LINES).map(line => (
            <button
              key={line}
              type="button"
              className="jp-SecureJobs-link"
              onClick={() => {
                goTo(line);
              }}
            >
              {trans.__('line %1', line)}
            </button>
          ))}
          {lines.length > LINKED_LINES &&
            trans._n('and %1 line more', 'and %1 lines more', lines.length - LINKED_LINES)}
        </p>
      )}
      {flow.known ? (
        <div className="jp-SecureJobs-wide">
          <table className="jp-SecureJobs-table">
            <caption>{trans.__('What flows into the result')}</caption>
            <thead>
              <tr>
                <th scope="col">{trans.__('Column of the result')}</th>
                <th scope="col">{trans.__('Made from')}</th>
                <th scope="col">{trans.__('How')}</th>
              </tr>
            </thead>
            <tbody>
              {flow.columns.map((column, at) => (
                <tr key={at}>
                  <th scope="row" dir="auto">
                    {column.output}
                  </th>
                  <td>
                    <Sources sources={column.sources} />
                  </td>
                  <td dir="auto">{column.how}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="jp-SecureJobs-unknown">
          <strong>{trans.__('What flows into the result is unknown.')}</strong> {flow.why}{' '}
          {trans.__('Read the code as if every column could leave.')}
        </p>
      )}
      {flow.conditions.length > 0 && (
        <p>
          {flow.known ? trans.__('Which rows count is decided by:') : trans.__('The code names:')}{' '}
          <Sources sources={flow.conditions} />
        </p>
      )}
    </>
  );
}
