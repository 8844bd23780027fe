import { useId, useRef, useState, type ReactElement } from 'react';

import { asProblem, Problem } from '../api/problem';
import type { Action, Job, JobDetail, RevocationAsked } from '../api/shapes';
import { download } from '../runs/download';
import { ProblemNotice } from '../ui/problemNotice';
import { ActionForm, type ActionBody } from './actionForm';
import type { Desk } from './desk';

/** Two actions share one route and differ in what they stop. */
const SCOPES: Readonly<Record<string, RevocationAsked>> = {
  revoke: { scope: 'reruns' },
  withdraw: { scope: 'all' }
};
const OFFLINE = 'Not connected: wait until the server answers again.';

function ActionButton(props: {
  readonly action: Action;
  readonly reason: string | null;
  readonly press: (button: HTMLButtonElement) => void;
}): ReactElement {
  const { action, reason, press } = props;
  const id = useId();
  return (
    <li>
      <button
        type="button"
        className="jp-SecureJobs-action"
        aria-disabled={reason !== null}
        aria-describedby={reason === null ? undefined : id}
        title={reason ?? undefined}
        onClick={event => {
          if (reason === null) {
            press(event.currentTarget);
          }
        }}
      >
        {action.label}
      </button>
      {reason !== null && (
        <span id={id} className="jp-SecureJobs-reason">
          {reason}
        </span>
      )}
    </li>
  );
}

/** The server's actions for one job. Those it does not allow stay focusable and say why. */
export function ActionList(props: {
  readonly desk: Desk;
  readonly job: Job;
  readonly detail: JobDetail | null;
  readonly connected: boolean;
}): ReactElement {
  const { desk, job, detail, connected } = props;
  const [asking, setAsking] = useState<Action | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const invoker = useRef<HTMLButtonElement | null>(null);

  const perform = async (action: Action, body: ActionBody): Promise<void> => {
    if (action.method === 'GET') {
      await download(desk.model.connection, action.href, job.name);
      return;
    }
    await desk.model.connection.json(action.href, {
      method: action.method,
      ...(action.method === 'DELETE' ? {} : { body: { ...SCOPES[action.name], ...body } })
    });
    await desk.model.refresh();
  };
  const press = (action: Action, button: HTMLButtonElement): void => {
    invoker.current = button;
    setProblem(null);
    if (desk.openPage(action, job)) {
      return;
    }
    if (action.needs.includes('page')) {
      setProblem(
        new Problem(
          'NEEDS_NOTEBOOK',
          `“${action.label}” is done where the job is written.`,
          'Use the job’s %%securejob cell in a notebook.'
        )
      );
    } else if (action.needs.length > 0) {
      setAsking(action);
    } else {
      perform(action, {}).catch((reason: unknown) => {
        setProblem(asProblem(reason));
      });
    }
  };
  const close = (): void => {
    setAsking(null);
    invoker.current?.focus();
  };

  return (
    <div className="jp-SecureJobs-actions">
      <ul aria-label={`Actions for ${job.name}`}>
        {job.actions.map(action => (
          <ActionButton
            key={action.name}
            action={action}
            reason={
              connected
                ? action.allowed
                  ? null
                  : (action.reason ?? 'The server does not allow it.')
                : OFFLINE
            }
            press={button => {
              press(action, button);
            }}
          />
        ))}
      </ul>
      <button
        type="button"
        className="jp-SecureJobs-link"
        onClick={() => {
          desk.openRuns(job);
        }}
      >
        Run history
      </button>
      {job.actions.length === 0 && <p>There is nothing for you to do here now.</p>}
      {asking !== null && detail !== null && (
        <ActionForm
          key={asking.name}
          action={asking}
          job={detail}
          close={close}
          perform={body => perform(asking, body)}
        />
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
    </div>
  );
}
