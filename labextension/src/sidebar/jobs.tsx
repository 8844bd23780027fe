import { useState, type ReactElement } from 'react';

import type { Job, Page } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { statusIcon } from '../ui/icons';
import { Age } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';

function JobRow(props: { readonly desk: Desk; readonly job: Job }): ReactElement {
  const { desk, job } = props;
  const Icon = statusIcon(job.status).react;
  return (
    <li>
      <button
        type="button"
        className="jp-SecureJobs-row"
        onClick={() => {
          desk.openJob(job.workspace, job.id);
        }}
      >
        <Icon tag="span" elementSize="normal" aria-hidden="true" />
        <span className="jp-SecureJobs-name">{job.name}</span>
        <span className="jp-SecureJobs-status">{job.status_text}</span>
        <span className="jp-SecureJobs-about">
          {job.organisation} · <Age at={job.updated} />
        </span>
      </button>
    </li>
  );
}

function Group(props: {
  readonly desk: Desk;
  readonly title: string;
  readonly kind: string;
  readonly text: string;
}): ReactElement {
  const { desk, title, kind, text } = props;
  const shown = useCurrent(desk.model);
  const { value } = useLoaded<Page<Job>>(
    desk.model.connection,
    `${desk.model.path('jobs')}?kind=${kind}&text=${encodeURIComponent(text)}&limit=50`,
    String(shown.moved),
    shown.workspace !== null
  );
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {value?.items.map(job => (
          <JobRow key={job.id} desk={desk} job={job} />
        ))}
      </ul>
    </section>
  );
}

/** The workspace's jobs in the server's groups. */
export function Jobs(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const [text, setText] = useState('');
  return (
    <div className="jp-SecureJobs-section">
      <input
        type="search"
        className="jp-mod-styled jp-SecureJobs-filter"
        aria-label={trans.__('Filter jobs')}
        placeholder={trans.__('Filter jobs')}
        value={text}
        onChange={event => {
          setText(event.target.value);
        }}
      />
      <Group desk={desk} title={trans.__('Needs your decision')} kind="needs_me" text={text} />
      <Group desk={desk} title={trans.__('Mine')} kind="mine" text={text} />
      <Group desk={desk} title={trans.__('Others')} kind="others" text={text} />
      <Group desk={desk} title={trans.__('Archived')} kind="archived" text={text} />
    </div>
  );
}
