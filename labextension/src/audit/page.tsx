import { downloadIcon } from '@jupyterlab/ui-components';
import { useId, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { AuditEvent } from '../api/shapes';
import type { Desk } from '../desk';
import { CheckMenu } from '../lists/checkMenu';
import { WindowTable, type Column } from '../lists/table';
import { usePaged } from '../lists/usePaged';
import { useSettled } from '../lists/useSettled';
import { download } from '../runs/download';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { kinds } from './kinds';
import type { AuditModel } from './model';
import { EVERYTHING, queryOf } from './question';

const PAUSE = 300;

/** Events have no name of their own; the salt is another for each that is in the log. */
function keyOf(event: AuditEvent): string {
  const { time, event: kind, actor, index, salt, job, run, version } = event;
  return [time, kind, actor, index, salt, job, run, version].join(' ');
}

function about(event: AuditEvent): ReactElement | null {
  return event.job_name === '' ? null : (
    <>
      <bdi className="jp-SecureJobs-name">{event.job_name}</bdi>
      {event.version !== null && ` v${event.version}`}
    </>
  );
}

function columns(): Column<AuditEvent>[] {
  return [
    {
      key: 'time',
      label: trans.__('Time'),
      width: '104px',
      cell: event => <LocalTime at={event.time} />
    },
    {
      key: 'event',
      label: trans.__('Event'),
      width: 'minmax(150px, 1fr)',
      cell: event => event.label
    },
    {
      key: 'actor',
      label: trans.__('Who'),
      width: 'minmax(184px, 1fr)',
      cell: event => <bdi>{event.actor}</bdi>
    },
    {
      key: 'organisation',
      label: trans.__('Organisation'),
      width: 'minmax(122px, 0.7fr)',
      cell: event => <bdi>{event.organisation}</bdi>
    },
    { key: 'job', label: trans.__('Job'), width: 'minmax(150px, 1.2fr)', cell: about },
    {
      key: 'detail',
      label: trans.__('Detail'),
      width: 'minmax(160px, 1.5fr)',
      cell: event => <span dir="auto">{event.detail}</span>
    },
    {
      key: 'index',
      label: trans.__('In the log'),
      width: '110px',
      cell: event =>
        event.index === null ? trans.__('not in it') : trans.__('entry %1', event.index)
    }
  ];
}

function Text(props: {
  readonly label: string;
  readonly value: string;
  readonly type: 'search' | 'date';
  readonly change: (value: string) => void;
  readonly wide?: string;
}): ReactElement {
  const { label, value, type, change, wide } = props;
  const id = useId();
  return (
    <label htmlFor={id}>
      {label}{' '}
      <input
        id={id}
        type={type}
        className="jp-mod-styled"
        dir="auto"
        placeholder={wide}
        value={value}
        onChange={event => {
          change(event.target.value);
        }}
      />
    </label>
  );
}

/** The workspace's audit log: who did what and when, narrowed and exported by the server. */
export function AuditPage(props: {
  readonly desk: Desk;
  readonly audit: AuditModel;
}): ReactElement {
  const { desk, audit } = props;
  const { model } = desk;
  const shown = useCurrent(model);
  const question = useCurrent(audit);
  const query = useSettled(queryOf(question), PAUSE);
  const path = (file: string): string => `${model.path(file)}${query === '' ? '' : `?${query}`}`;
  const list = usePaged<AuditEvent>(model, path('audit'), keyOf);
  const [problem, setProblem] = useState<Problem | null>(null);
  const workspace = shown.workspaces.find(each => each.id === shown.workspace);
  const save = (): void => {
    setProblem(null);
    download(model.connection, path('audit.csv'), trans.__('Audit log')).catch(
      (reason: unknown) => {
        setProblem(asProblem(reason));
      }
    );
  };
  return (
    <article className="jp-SecureJobs-listpage" aria-label={trans.__('Audit log')}>
      <header>
        <h2>{trans.__('Audit log')}</h2>
        <button type="button" className="jp-SecureJobs-action" onClick={save}>
          <downloadIcon.react tag="span" elementSize="normal" aria-hidden="true" />
          {trans.__('Export CSV')}
        </button>
      </header>
      <p>
        {trans.__(
          'Who did what, and when. An entry of the log cannot be changed or left out later: every member’s side checks that. Reading this page is an event too.'
        )}
      </p>
      <div className="jp-SecureJobs-filters" role="search" aria-label={trans.__('Filter events')}>
        <CheckMenu
          label={trans.__('Events')}
          options={Object.entries(kinds())}
          chosen={question.kinds}
          change={chosen => {
            audit.change({ kinds: chosen });
          }}
        />
        <Text
          label={trans.__('Who')}
          type="search"
          wide={trans.__('ana@airline.example')}
          value={question.member}
          change={member => {
            audit.change({ member });
          }}
        />
        <label>
          {trans.__('Organisation')}{' '}
          <select
            value={question.organisation}
            onChange={event => {
              audit.change({ organisation: event.target.value });
            }}
          >
            <option value="">{trans.__('any')}</option>
            {(workspace?.organisations ?? []).map(each => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <Text
          label={trans.__('Job')}
          type="search"
          wide={trans.__('name or id')}
          value={question.job}
          change={job => {
            audit.change({ job });
          }}
        />
        <Text
          label={trans.__('From')}
          type="date"
          value={question.since}
          change={since => {
            audit.change({ since });
          }}
        />
        <Text
          label={trans.__('To')}
          type="date"
          value={question.until}
          change={until => {
            audit.change({ until });
          }}
        />
        {queryOf(question) !== '' && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              audit.change(EVERYTHING);
            }}
          >
            {trans.__('Show all')}
          </button>
        )}
      </div>
      {problem !== null && <ProblemNotice problem={problem} />}
      <WindowTable
        label={trans.__('Events')}
        list={list}
        keyOf={keyOf}
        columns={columns()}
        total={null}
        opens={event => {
          const { job } = event;
          const { workspace: place } = shown;
          return job === null || place === null
            ? null
            : () => {
                desk.openJob(place, job);
              };
        }}
        empty={<p>{trans.__('No event is like that. Change the filters, or show all.')}</p>}
      />
    </article>
  );
}
