import type { ReactElement } from 'react';

import type { ReviewStatement } from '../api/shapes';
import { trans } from '../ui/translation';

type Variable = ReviewStatement['inputs'][number];

function defaultOf({ default: value }: Variable): string {
  if (value === null) {
    return trans.__('none');
  }
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The input variables that the version declares; their values are chosen for each run. */
export function InputTable(props: { readonly inputs: readonly Variable[] }): ReactElement {
  const { inputs } = props;
  if (inputs.length === 0) {
    return <p>{trans.__('It asks for no input: every run does the same.')}</p>;
  }
  return (
    <div className="jp-SecureJobs-wide">
      <table className="jp-SecureJobs-table">
        <caption>{trans.__('Input variables: the author chooses values for each run')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Allowed values')}</th>
            <th scope="col">{trans.__('Default')}</th>
            <th scope="col">{trans.__('Description')}</th>
          </tr>
        </thead>
        <tbody>
          {inputs.map(variable => (
            <tr key={variable.name}>
              <th scope="row">
                <code>{variable.name}</code>
              </th>
              <td>{variable.type}</td>
              <td dir="auto">{variable.constraint}</td>
              <td dir="auto">{defaultOf(variable)}</td>
              <td dir="auto">{variable.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
