import type { ReactElement } from 'react';

import { asksOf } from '../actions/calls';
import { ActionSheet, type ActionBody } from '../actions/sheet';
import type { Action, JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import { trans } from '../ui/translation';
import { visible } from '../ui/visible';

/**
 * What a card asks before anything is done: for which job, and as which member. The cell above a card may be anybody's
 * text, so what would be signed is shown as the server has it.
 */
export function CardSheet(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly member: string;
  readonly action: Action;
  readonly perform: (body: ActionBody) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { desk, job, detail, member, action, perform, close } = props;
  return (
    <div className="jp-SecureJobs-cardsheet">
      <p>
        {trans.__('For the job')} <strong dir="auto">{visible(detail.name)}</strong>{' '}
        {trans.__('of %1, as', detail.organisation)} <strong>{visible(member)}</strong>.
      </p>
      {asksOf(action.name).has('shown') && (
        <pre
          className="jp-SecureJobs-code"
          tabIndex={0}
          role="region"
          aria-label={trans.__('The text that you sign')}
        >
          {visible(detail.version.code)}
        </pre>
      )}
      <ActionSheet
        key={action.name}
        connection={desk.model.connection}
        action={action}
        job={detail}
        path={job.path}
        perform={perform}
        close={close}
      />
    </div>
  );
}
