import type { ReactElement } from 'react';

import { ActionBar } from '../actions/bar';
import type { Action, JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import type { DraftModel } from '../draft/model';
import { SaveState } from '../draft/saveState';
import { AssuranceChip } from '../ui/assurance';
import { StatusChip } from '../ui/statusChip';
import { localTime } from '../ui/time';
import { trans } from '../ui/translation';
import type { JobPlace } from './places';
import { RerunIndicator } from './rerunIndicator';

/** The top of a job's page: name, status, what can be done, and at the right whether it may run again. */
export function JobHeader(props: {
  readonly desk: Desk;
  readonly detail: JobDetail;
  /** The job as the server has it, without what was typed meanwhile. */
  readonly stored: JobDetail;
  readonly draft: DraftModel;
  readonly place: JobPlace;
  readonly connected: boolean;
  readonly updatedAt: Date | null;
  readonly press: (action: Action) => void;
}): ReactElement {
  const { desk, detail, stored, draft, place, connected, updatedAt, press } = props;
  return (
    <header className="jp-SecureJobs-jobheader">
      <div className="jp-SecureJobs-jobtitle">
        <h2 dir="auto">{detail.name}</h2>
        <StatusChip status={detail.status} text={detail.status_text} />
        <AssuranceChip />
      </div>
      <RerunIndicator detail={detail} draft={draft} place={place} connected={connected} />
      <div className="jp-SecureJobs-jobline">
        <ActionBar actions={detail.actions} connected={connected} press={press} />
        <SaveState draft={draft} detail={stored} connected={connected} />
      </div>
      {!connected && (
        <p className="jp-SecureJobs-offline" role="status">
          {updatedAt === null
            ? trans.__('Not connected.')
            : trans.__('Not connected, last update %1.', localTime(updatedAt))}
          {desk.model.current.problem !== null && ` ${desk.model.current.problem.nextStep}`}
        </p>
      )}
    </header>
  );
}
