import { useId, type ReactElement } from 'react';

import type { Action } from '../api/shapes';
import { pagesOf } from '../job/places';
import { MenuButton } from '../ui/menuButton';
import { trans } from '../ui/translation';
import { isKnown } from './calls';

/** Why an action cannot be pressed now, or null. */
function reasonOf(action: Action, connected: boolean): string | null {
  if (!connected) {
    return trans.__('Not connected: wait until the server answers again.');
  }
  if (!isKnown(action.name) && !Object.hasOwn(pagesOf, action.name)) {
    return trans.__('This page does not know that action; update the extension.');
  }
  return action.allowed ? null : (action.reason ?? trans.__('The server does not allow it.'));
}

function PrimaryButton(props: {
  readonly action: Action;
  readonly reason: string | null;
  readonly press: (action: Action) => void;
}): ReactElement {
  const { action, reason, press } = props;
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="jp-SecureJobs-action jp-mod-primary"
        aria-disabled={reason !== null}
        aria-describedby={reason === null ? undefined : id}
        title={reason ?? action.effect}
        onClick={() => {
          if (reason === null) {
            press(action);
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
    </>
  );
}

/** The server's actions: the ones that it puts first as buttons, all of them in the Job Actions menu. */
export function ActionBar(props: {
  readonly actions: readonly Action[];
  readonly connected: boolean;
  readonly press: (action: Action) => void;
}): ReactElement {
  const { actions, connected, press } = props;
  return (
    <div className="jp-SecureJobs-actions" role="group" aria-label={trans.__('Actions')}>
      {actions
        .filter(action => action.primary)
        .map(action => (
          <PrimaryButton
            key={action.name}
            action={action}
            reason={reasonOf(action, connected)}
            press={press}
          />
        ))}
      {actions.length > 0 ? (
        <MenuButton
          label={trans.__('Job Actions')}
          items={actions.map(action => ({
            key: action.name,
            label: action.label,
            reason: reasonOf(action, connected),
            press: () => {
              press(action);
            }
          }))}
        />
      ) : (
        <p>{trans.__('There is nothing for you to do here now.')}</p>
      )}
    </div>
  );
}
