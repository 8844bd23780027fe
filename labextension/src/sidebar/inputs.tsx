import type { ReactElement } from 'react';

import { useCurrent } from '../ui/useCurrent';
import type { Desk } from '../desk';

/** The input variables of the job that is chosen in the list. */
export function Inputs(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const shown = useCurrent(desk.model);
  const job = shown.detail;
  if (job === null) {
    return <p className="jp-SecureJobs-section">Open a job to see its variables.</p>;
  }
  return (
    <div className="jp-SecureJobs-section">
      {job.version.inputs.length === 0 && <p>“{job.name}” asks for no input.</p>}
      <ul aria-label={`Input variables of ${job.name}`}>
        {job.version.inputs.map(variable => (
          <li key={variable.name} className="jp-SecureJobs-column">
            <code>{variable.name}</code>{' '}
            <span className="jp-SecureJobs-about">{variable.constraint}</span>
            {variable.description && <div>{variable.description}</div>}
          </li>
        ))}
      </ul>
    </div>
  );
}
