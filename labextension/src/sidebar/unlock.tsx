import { useId, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import { ProblemNotice } from '../ui/problemNotice';
import type { WorkspaceModel } from '../workspace/model';

/** Unlocks the acting member's keys for this session; deciding still asks for the passphrase each time. */
export function Unlock(props: {
  readonly model: WorkspaceModel;
  readonly email: string;
}): ReactElement {
  const { model, email } = props;
  const id = useId();
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const unlock = async (): Promise<void> => {
    await model.connection.json('member/unlock', { method: 'POST', body: { passphrase } });
    await model.refresh();
  };
  return (
    <form
      className="jp-SecureJobs-form"
      aria-label={`Unlock the keys of ${email}`}
      onSubmit={event => {
        event.preventDefault();
        setProblem(null);
        setPassphrase('');
        unlock().catch((reason: unknown) => {
          setProblem(asProblem(reason));
        });
      }}
    >
      <p>The keys of {email} are locked: submitting, running and opening results need them.</p>
      <div className="jp-SecureJobs-field">
        <label htmlFor={id}>Passphrase</label>
        <input
          id={id}
          className="jp-mod-styled"
          type="password"
          autoComplete="off"
          value={passphrase}
          onChange={event => {
            setPassphrase(event.target.value);
          }}
        />
      </div>
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          Unlock
        </button>
      </div>
    </form>
  );
}
