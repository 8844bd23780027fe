import { bellIcon, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { useId, type ReactElement } from 'react';

import { OPEN_NOTICES } from '../commandIds';
import type { NoticesModel } from '../notices/model';
import { AssuranceChip } from '../ui/assurance';
import { WithMoments } from '../ui/moments';
import { ProblemNotice } from '../ui/problemNotice';
import { localTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { Snapshot, WorkspaceModel } from '../workspace/model';
import { Unlock } from './unlock';

interface ChoiceProps {
  readonly model: WorkspaceModel;
  readonly shown: Snapshot;
}

function ActingAs(props: ChoiceProps): ReactElement | null {
  const { model, shown } = props;
  const id = useId();
  const identities = shown.member?.identities ?? [];
  if (identities.length < 2) {
    return null;
  }
  return (
    <div className="jp-SecureJobs-choice">
      <label htmlFor={id}>{trans.__('Acting as')}</label>
      <select
        id={id}
        value={model.acting ?? ''}
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

function WorkspaceChoice(props: ChoiceProps): ReactElement | null {
  const { model, shown } = props;
  const id = useId();
  if (shown.workspaces.length < 2) {
    return null;
  }
  return (
    <div className="jp-SecureJobs-choice">
      <label htmlFor={id}>{trans.__('Workspace')}</label>
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
    <section className="jp-SecureJobs-alarm" role="alert" aria-label={trans.__('Warnings')}>
      <strong>
        {trans.__(
          'The workspace server contradicts itself. Tell the other members before you sign.'
        )}
      </strong>
      <ul>
        {lines.map(line => (
          <li key={line}>
            <WithMoments text={line} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function lastUpdate(when: Date | null): string {
  return when === null
    ? trans.__('Not connected, nothing received yet')
    : trans.__('Not connected, last update %1', localTime(when));
}

/** Opens the notices, and says how many are new. */
function NoticesButton(props: {
  readonly notices: NoticesModel;
  readonly commands: CommandRegistry;
}): ReactElement {
  const { notices, commands } = props;
  const { unseen, more } = useCurrent(notices);
  const count = `${unseen.length}${more ? '+' : ''}`;
  return (
    <button
      type="button"
      className="jp-SecureJobs-chip"
      onClick={() => {
        void commands.execute(OPEN_NOTICES);
      }}
    >
      <bellIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      {unseen.length === 0 ? trans.__('Notices') : trans.__('Notices (%1 new)', count)}
    </button>
  );
}

/** The top of the sidebar: who acts, in which workspace, with which assurance, and what is wrong. */
export function Header(props: {
  readonly model: WorkspaceModel;
  readonly notices: NoticesModel;
  readonly commands: CommandRegistry;
}): ReactElement {
  const { model, notices, commands } = props;
  const shown = useCurrent(model);
  const waiting = shown.workspaces.find(each => each.id === shown.workspace)?.waiting_for ?? [];
  const { acting } = model;
  const mine = shown.member?.identities.find(each => each.email === acting);
  return (
    <div className="jp-SecureJobs-header">
      {shown.member?.demonstration && (
        <>
          <p className="jp-SecureJobs-demonstration">
            <span>{trans.__('Demonstration: one machine holds every part')}</span>
          </p>
          <ActingAs model={model} shown={shown} />
        </>
      )}
      <WorkspaceChoice model={model} shown={shown} />
      <Warnings lines={mine?.warnings ?? []} />
      {waiting.length > 0 && (
        <p>{trans.__('The workspace waits for signatures of: %1.', waiting.join(', '))}</p>
      )}
      {mine?.unlocked === false && <Unlock key={mine.email} model={model} email={mine.email} />}
      <div className="jp-SecureJobs-chips">
        <AssuranceChip text={shown.member?.assurance_text} />
        <NoticesButton notices={notices} commands={commands} />
      </div>
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
