import { useId, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Action, Decision } from '../api/shapes';
import { ProblemNotice } from '../ui/problemNotice';
import type { WorkspaceModel } from '../workspace/model';

const LONGEST_COMMENT = 1000;
const SHORT_HASH = 16;
const DECISIONS: Readonly<Record<string, Decision['decision']>> = {
  accept: 'accept',
  decline: 'decline'
};

/**
 * The form of a decision. It names the hash that the member side computed, asks for the passphrase
 * each time, and keeps what was typed when the server refuses.
 */
export function Decide(props: {
  readonly model: WorkspaceModel;
  readonly path: string;
  readonly hash: string;
  readonly actions: readonly Action[];
}): ReactElement {
  const { model, path, hash, actions } = props;
  const id = useId();
  const [comment, setComment] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const offered = actions.flatMap(action => {
    const decision = DECISIONS[action.name];
    return decision === undefined ? [] : [{ action, decision }];
  });

  const undecided = offered.some(({ action }) => action.allowed);

  const decide = (decision: Decision['decision']): void => {
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem(null);
    model.connection
      .json(`${path}/decisions`, {
        method: 'POST',
        body: {
          version_hash: hash,
          decision,
          comment,
          line_comments: [],
          passphrase
        } satisfies Decision
      })
      .then(() => model.refresh())
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      })
      .finally(() => {
        setPassphrase('');
        setBusy(false);
      });
  };

  return (
    <form
      className="jp-SecureJobs-form"
      aria-label="Decide"
      onSubmit={event => {
        event.preventDefault();
      }}
    >
      <h3>Decide</h3>
      {undecided && (
        <>
          <div className="jp-SecureJobs-field">
            <label htmlFor={`${id}-comment`}>Comment</label>
            <textarea
              id={`${id}-comment`}
              className="jp-mod-styled"
              aria-describedby={`${id}-comment-about`}
              maxLength={LONGEST_COMMENT}
              rows={3}
              value={comment}
              onChange={event => {
                setComment(event.target.value);
              }}
            />
            <small id={`${id}-comment-about`}>Required to decline; every member can read it.</small>
          </div>
          <div className="jp-SecureJobs-field">
            <label htmlFor={`${id}-passphrase`}>Passphrase</label>
            <input
              id={`${id}-passphrase`}
              className="jp-mod-styled"
              type="password"
              autoComplete="off"
              value={passphrase}
              onChange={event => {
                setPassphrase(event.target.value);
              }}
            />
          </div>
        </>
      )}
      <p>
        You decide about version <code title={hash}>{hash.slice(0, SHORT_HASH)}</code> and no other.
      </p>
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        {offered.map(({ action, decision }) => (
          <span key={action.name}>
            <button
              type="button"
              className={`jp-mod-styled jp-mod-${action.name}`}
              aria-disabled={!action.allowed || busy}
              aria-describedby={action.allowed ? undefined : `${id}-${action.name}`}
              title={action.reason ?? undefined}
              onClick={() => {
                if (action.allowed) {
                  decide(decision);
                }
              }}
            >
              {action.label}
            </button>
            {!action.allowed && (
              <span id={`${id}-${action.name}`} className="jp-SecureJobs-reason">
                {action.reason}
              </span>
            )}
          </span>
        ))}
      </div>
      {offered.length === 0 && <p role="status">There is nothing left for you to decide here.</p>}
    </form>
  );
}
