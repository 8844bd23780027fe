import { useState, type ReactElement } from 'react';

import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { DraftModel } from './model';

/** Whether what was typed is saved; after a conflict, the two ways out. */
export function SaveState(props: { readonly draft: DraftModel }): ReactElement {
  const { draft } = props;
  const { pending, saving, problem, conflict } = useCurrent(draft);
  const [touched, setTouched] = useState(false);
  const clean = Object.keys(pending).length === 0;
  if (!clean && !touched) {
    setTouched(true);
  }
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
      </div>
    );
  }
  if (problem !== null) {
    return (
      <ProblemNotice
        problem={problem}
        retry={() => {
          draft.flush().catch(() => undefined);
        }}
      />
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
