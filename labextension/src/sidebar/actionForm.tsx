import { useId, useState, type FormEvent, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Action, InputVariable, JobDetail } from '../api/shapes';
import { InputFields, startingValues } from '../ui/inputFields';
import { ProblemNotice } from '../ui/problemNotice';

const LONGEST_COMMENT = 1000;

/** What an action's form collected, ready to be sent. */
export type ActionBody = Readonly<Record<string, unknown>>;

/** A run uses the live version; anything else that takes input is about the version in front. */
function variablesOf(action: Action, job: JobDetail): readonly InputVariable[] {
  return (action.name === 'run' ? (job.live ?? job.version) : job.version).inputs;
}

/** Asks what the server says an action needs, performs it, and shows its error in place. */
export function ActionForm(props: {
  readonly action: Action;
  readonly job: JobDetail;
  readonly perform: (body: ActionBody) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { action, job, perform, close } = props;
  const id = useId();
  const [variables] = useState(() => variablesOf(action, job));
  const [inputs, setInputs] = useState(() => startingValues(variables));
  const [comment, setComment] = useState('');
  const [version, setVersion] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const asks = new Set(action.needs);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem(null);
    perform({
      ...(asks.has('inputs') ? { inputs } : {}),
      ...(asks.has('shown') ? { shown: job.version } : {}),
      ...(asks.has('version') ? { version: Number(version) } : {}),
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
        <InputFields prefix={id} variables={variables} values={inputs} change={setInputs} />
      )}
      {asks.has('version') && (
        <div className="jp-SecureJobs-field">
          <label htmlFor={`${id}-version`}>Version number</label>
          <input
            id={`${id}-version`}
            className="jp-mod-styled"
            inputMode="numeric"
            value={version}
            onChange={event => {
              setVersion(event.target.value);
            }}
          />
        </div>
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
