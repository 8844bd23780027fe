import { useId, useState, type FormEvent, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Action, Job } from '../api/shapes';
import { InputFields, startingValues } from '../ui/inputFields';
import { ProblemNotice } from '../ui/problemNotice';

const LONGEST_COMMENT = 1000;

/** What an action's form collected, ready to be sent. */
export type ActionBody = Readonly<Record<string, unknown>>;

/** Asks what the server says an action needs, performs it, and shows its error in place. */
export function ActionForm(props: {
  readonly action: Action;
  readonly job: Job;
  readonly perform: (body: ActionBody) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { action, job, perform, close } = props;
  const id = useId();
  const [inputs, setInputs] = useState(() => startingValues(job.inputs));
  const [comment, setComment] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const asks = new Set(action.needs);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    perform({
      ...(asks.has('inputs') ? { inputs } : {}),
      ...(asks.has('comment') ? { comment } : {}),
      ...(asks.has('passphrase') ? { passphrase } : {})
    })
      .then(close)
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
      aria-label={`${action.label}: ${job.name}`}
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          close();
        }
      }}
    >
      {asks.has('confirm') && (
        <p>
          {action.label} “{job.name}”?
        </p>
      )}
      {asks.has('inputs') && (
        <InputFields prefix={id} variables={job.inputs} values={inputs} change={setInputs} />
      )}
      {asks.has('comment') && (
        <div className="jp-SecureJobs-field">
          <label htmlFor={`${id}-comment`}>Comment</label>
          <textarea
            id={`${id}-comment`}
            className="jp-mod-styled"
            maxLength={LONGEST_COMMENT}
            value={comment}
            onChange={event => {
              setComment(event.target.value);
            }}
          />
        </div>
      )}
      {asks.has('passphrase') && (
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
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept" aria-disabled={busy}>
          {action.label}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          Close
        </button>
      </div>
    </form>
  );
}
