import { useEffect, useId, useRef, useState, type FormEvent, type ReactElement } from 'react';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { Action, InputVariable, JobDetail } from '../api/shapes';
import { InputFields, startingValues } from '../inputs/inputFields';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { asksOf } from './calls';
import { Check } from './check';
import { Signed } from './signed';

/** What an action's form collected, ready to be sent. */
export type ActionBody = Readonly<Record<string, unknown>>;

/** A run uses the live version; anything else that takes input is about the version in front. */
function variablesOf(action: Action, job: JobDetail): readonly InputVariable[] {
  return (action.name === 'run' ? (job.live ?? job.version) : job.version).inputs;
}

/** What an action asks before it is done: what it does, what is signed, and what the server says it needs. */
export function ActionSheet(props: {
  readonly connection: Connection;
  readonly action: Action;
  readonly job: JobDetail;
  readonly path: string;
  readonly perform: (body: ActionBody) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { connection, action, job, path, perform, close } = props;
  const id = useId();
  const [variables] = useState(() => variablesOf(action, job));
  const [inputs, setInputs] = useState(() => startingValues(variables));
  const [hash, setHash] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const asks = asksOf(action.name);
  const waits = asks.has('live') && hash === null;

  useEffect(() => {
    const first = form.current?.querySelector<HTMLElement>('input, select, textarea');
    (first ?? form.current?.querySelector<HTMLElement>('button[type="submit"]'))?.focus();
  }, []);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (busy || waits) {
      return;
    }
    setBusy(true);
    setProblem(null);
    perform({
      ...(asks.has('inputs') ? { inputs } : {}),
      ...(asks.has('shown') ? { shown: job.version } : {}),
      ...(asks.has('live') ? { version_hash: hash } : {})
    })
      .then(close)
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      })
      .finally(() => {
        setBusy(false);
      });
  };

  return (
    <form
      ref={form}
      className="jp-SecureJobs-form jp-SecureJobs-sheet"
      aria-labelledby={`${id}-title`}
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          close();
        }
      }}
    >
      <h3 id={`${id}-title`} dir="auto">
        {trans.__('%1: %2', action.label, job.name)}
      </h3>
      {action.effect !== '' && <p>{action.effect}</p>}
      {asks.has('shown') && <Check connection={connection} job={job} />}
      {asks.has('live') && <Signed connection={connection} path={path} verified={setHash} />}
      {asks.has('inputs') && (
        <InputFields prefix={id} variables={variables} values={inputs} change={setInputs} />
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept" aria-disabled={busy || waits}>
          {busy ? trans.__('%1 …', action.label) : action.label}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          {trans.__('Close')}
        </button>
      </div>
    </form>
  );
}
