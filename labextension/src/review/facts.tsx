import type { ReactElement } from 'react';

import type { ReviewStatement } from '../api/shapes';
import { trans } from '../ui/translation';

type Facts = ReviewStatement['facts'];

function Table(props: {
  readonly label: string;
  readonly facts: Facts;
  readonly compared: boolean;
}): ReactElement {
  const { label, facts, compared } = props;
  return (
    <div className="jp-SecureJobs-wide">
      <table className="jp-SecureJobs-table jp-SecureJobs-facttable" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{trans.__('What')}</th>
            <th scope="col">{trans.__('Now')}</th>
            {compared && <th scope="col">{trans.__('Last accepted version')}</th>}
          </tr>
        </thead>
        <tbody>
          {facts.map(fact => (
            <tr key={fact.name} className={fact.changed ? 'jp-mod-changed' : undefined}>
              <th scope="row">
                {fact.name}
                {fact.changed && <b> {trans.__('(changed)')}</b>}
              </th>
              <td dir="auto">{fact.value}</td>
              {compared && <td dir="auto">{fact.previous ?? trans.__('not there')}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the version fixes: what changed since the last accepted one first, what did not folded away. */
export function FactTables(props: {
  readonly facts: Facts;
  readonly compared: boolean;
}): ReactElement {
  const { facts, compared } = props;
  if (!compared) {
    return <Table label={trans.__('What is asked')} facts={facts} compared={false} />;
  }
  const changed = facts.filter(fact => fact.changed);
  const same = facts.filter(fact => !fact.changed);
  return (
    <>
      {changed.length === 0 ? (
        <p>{trans.__('None of the facts changed.')}</p>
      ) : (
        <Table label={trans.__('Changed facts')} facts={changed} compared />
      )}
      {same.length > 0 && (
        <details>
          <summary>
            {trans._n('%1 fact did not change', '%1 facts did not change', same.length)}
          </summary>
          <Table label={trans.__('Unchanged facts')} facts={same} compared={false} />
        </details>
      )}
    </>
  );
}
