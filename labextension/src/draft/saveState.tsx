import { useEffect, useState, type ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { DraftModel } from './model';

/** Whether what was typed is saved; after a conflict, the two ways out. */
export function SaveState(props: {
  readonly draft: DraftModel;
  readonly detail: JobDetail;
  readonly connected: boolean;
}): ReactElement {
  const { draft, detail, connected } = props;
  const { pending, saving, problem, conflict } = useCurrent(draft);
  const [touched, setTouched] = useState(false);
  const theirs = detail.version.code;
  const clean = Object.keys(pending).length === 0;
  if (!clean && !touched) {
    setTouched(true);
  }
  useEffect(() => {
    // What waited for the server goes out as soon as it answers again.
    if (connected && !draft.isClean && !draft.current.conflict) {
      draft.flush().catch(() => undefined);
    }
  }, [connected, draft]);
  if (conflict) {
    return (
      <div className="jp-SecureJobs-problem" role="alert">
        <p>{trans.__('This draft was changed elsewhere while you wrote. Nothing was lost.')}</p>
        <div className="jp-SecureJobs-buttons">
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              draft.keepMine().catch(() => undefined);
            }}
          >
            {trans.__('Save mine over it')}
          </button>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              draft.takeTheirs();
            }}
          >
            {trans.__('Take the other text')}
          </button>
        </div>
        {pending.code !== undefined && (
          <details>
            <summary>{trans.__('The other text')}</summary>
            <pre className="jp-SecureJobs-code" tabIndex={0}>
              {theirs}
            </pre>
          </details>
        )}
      </div>
    );
  }
  if (problem !== null) {
    return (
      <div>
        <ProblemNotice
          problem={problem}
          retry={() => {
            draft.flush().catch(() => undefined);
          }}
        />
        <button
          type="button"
          className="jp-SecureJobs-link"
          onClick={() => {
            draft.takeTheirs();
          }}
        >
          {trans.__('Discard what was not saved')}
        </button>
      </div>
    );
  }
  const words = saving
    ? trans.__('Saving…')
    : clean
      ? trans.__('Saved')
      : trans.__('Not saved yet');
  return (
    <span className="jp-SecureJobs-about" role="status">
      {touched ? words : ''}
    </span>
  );
}
