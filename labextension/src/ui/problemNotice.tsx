import { Clipboard } from '@jupyterlab/apputils';
import type { ReactElement } from 'react';

import type { Problem } from '../api/problem';
import { trans } from './translation';

/** An error in place: what happened, what to do next, its code, and a report to copy. */
export function ProblemNotice(props: {
  readonly problem: Problem;
  readonly retry?: () => void;
}): ReactElement {
  const { problem, retry } = props;
  const copy = (): void => {
    Clipboard.copyToSystem(`${problem.code}: ${problem.message} ${problem.nextStep}`);
  };
  return (
    <div className="jp-SecureJobs-problem" role="alert">
      <p>{problem.message}</p>
      <p>{problem.nextStep}</p>
      <p>
        <code>{problem.code}</code>
        <button type="button" className="jp-SecureJobs-link" onClick={copy}>
          {trans.__('Copy report')}
        </button>
        {retry !== undefined && (
          <button type="button" className="jp-SecureJobs-link" onClick={retry}>
            {trans.__('Retry')}
          </button>
        )}
      </p>
    </div>
  );
}
