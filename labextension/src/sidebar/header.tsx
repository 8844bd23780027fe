import { UseSignal } from '@jupyterlab/ui-components';
import { useId, type ReactElement } from 'react';

import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import { localTime } from '../ui/time';
import type { Snapshot, WorkspaceModel } from '../workspace/model';
import { useCurrent } from '../ui/useCurrent';
import { Unlock } from './unlock';

const DEMONSTRATION = 'Demonstration: one machine holds every part';

function ActingAs(props: {
  readonly model: WorkspaceModel;
  readonly shown: Snapshot;
}): ReactElement | null {
  const { model, shown } = props;
  const id = useId();
  const identities = shown.member?.identities ?? [];
  if (identities.length < 2) {
    return null;
  }
  return (
    <div className="jp-SecureJobs-choice">
      <label htmlFor={id}>Acting as</label>
      <select
        id={id}
        value={model.identity.email ?? shown.member?.acting_as ?? ''}
        onChange={event => {
          model.identity.actAs(event.target.value);
        }}
      >
        {identities.map(each => (
          <option key={each.email} value={each.email}>
            {each.email} · {each.organisation}
          </option>
        ))}
      </select>
    </div>
  );
}

function WorkspaceChoice(props: {
  readonly model: WorkspaceModel;
  readonly shown: Snapshot;
}): ReactElement | null {
  const { model, shown } = props;
  const id = useId();
  if (shown.workspaces.length < 2) {
    return null;
  }
  return (
    <div className="jp-SecureJobs-choice">
      <label htmlFor={id}>Workspace</label>
      <select
        id={id}
        value={shown.workspace ?? ''}
        onChange={event => {
          model.enter(event.target.value);
        }}
      >
        {shown.workspaces.map(each => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** What the workspace server was caught at. It stays until the members have cleared it up. */
function Warnings(props: { readonly lines: readonly string[] }): ReactElement | null {
  const { lines } = props;
  return lines.length === 0 ? null : (
    <section className="jp-SecureJobs-alarm" role="alert" aria-label="Warnings">
      <strong>
        The workspace server contradicts itself. Tell the other members before you sign.
      </strong>
      <ul>
        {lines.map(line => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function lastUpdate(when: Date | null): string {
  return when === null
    ? 'Not connected, nothing received yet'
    : `Not connected, last update ${localTime(when)}`;
}

/** The top of the sidebar: who acts, in which workspace, with which assurance, and what is wrong. */
export function Header(props: { readonly model: WorkspaceModel }): ReactElement {
  const { model } = props;
  const shown = useCurrent(model);
  const waiting = shown.workspaces.find(each => each.id === shown.workspace)?.waiting_for ?? [];
  const acting = model.identity.email ?? shown.member?.acting_as;
  const locked = shown.member?.identities.find(each => each.email === acting && !each.unlocked);
  return (
    <div className="jp-SecureJobs-header">
      {shown.member?.demonstration && (
        <>
          <p className="jp-SecureJobs-demonstration">
            <span>{DEMONSTRATION}</span>
          </p>
          <ActingAs model={model} shown={shown} />
        </>
      )}
      <WorkspaceChoice model={model} shown={shown} />
      <Warnings
        lines={shown.member?.identities.find(each => each.email === acting)?.warnings ?? []}
      />
      {waiting.length > 0 && <p>The workspace waits for signatures of: {waiting.join(', ')}.</p>}
      {locked !== undefined && <Unlock key={locked.email} model={model} email={locked.email} />}
      <AssuranceChip />
      {!shown.connected && <p className="jp-SecureJobs-offline">{lastUpdate(shown.updatedAt)}</p>}
      {shown.connected && shown.problem !== null && (
        <ProblemNotice
          problem={shown.problem}
          retry={() => {
            void model.refresh();
          }}
        />
      )}
      <UseSignal signal={model.announced} initialArgs="">
        {(_, sentence) => (
          <p role="status" aria-live="polite" className="jp-SecureJobs-live">
            {sentence}
          </p>
        )}
      </UseSignal>
    </div>
  );
}
