import { useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import { ProblemNotice } from '../ui/problemNotice';
import { PassphraseField } from '../ui/passphrase';
import { trans } from '../ui/translation';
import type { WorkspaceModel } from '../workspace/model';

/** Unlocks the acting member's keys for this session; deciding still asks for the passphrase each time. */
export function Unlock(props: {
  readonly model: WorkspaceModel;
  readonly email: string;
}): ReactElement {
  const { model, email } = props;
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const unlock = async (): Promise<void> => {
    await model.connection.json('member/unlock', { method: 'POST', body: { passphrase } });
    await model.refresh();
  };
  return (
    <form
      className="jp-SecureJobs-form"
      aria-label={trans.__('Unlock the keys of %1', email)}
      onSubmit={event => {
        event.preventDefault();
        setProblem(null);
        setPassphrase('');
        unlock().catch((reason: unknown) => {
          setProblem(asProblem(reason));
        });
      }}
    >
      <p>
        {trans.__(
          'The keys of %1 are locked: submitting, running and opening results need them.',
          email
        )}
      </p>
      <PassphraseField value={passphrase} change={setPassphrase} />
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          {trans.__('Unlock')}
        </button>
      </div>
    </form>
  );
}
