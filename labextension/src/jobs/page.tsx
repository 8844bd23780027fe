import { useState, type ReactElement } from 'react';

import type { Job, JobCounts } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { CheckMenu } from '../lists/checkMenu';
import { WindowTable, type Column } from '../lists/table';
import { usePaged } from '../lists/usePaged';
import { useSettled } from '../lists/useSettled';
import { counted } from '../ui/counted';
import { STATUSES } from '../ui/icons';
import { StatusChip } from '../ui/statusChip';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { FIRST_VIEW, narrowing, remembered, viewOf, type View } from './view';

const KEPT = 'list-page';
const PAUSE = 150;

function groups(): readonly (readonly [value: string, label: string])[] {
  return [
    ['', trans.__('All but archived')],
    ['needs_me', trans.__('To review')],
    ['mine', trans.__('Mine')],
    ['others', trans.__('Others')],
    ['archived', trans.__('Archived')]
  ];
}

function columns(desk: Desk): Column<Job>[] {
  return [
    {
      key: 'name',
      label: trans.__('Name'),
      width: 'minmax(180px, 2fr)',
      sorts: 'asc',
      cell: job => <bdi className="jp-SecureJobs-name">{job.name}</bdi>
    },
    {
      key: 'status',
      label: trans.__('Status'),
      width: 'minmax(150px, 1.6fr)',
      sorts: 'asc',
      cell: job => <StatusChip status={job.status} text={job.status_text} />
    },
    {
      key: 'author',
      label: trans.__('Author'),
      width: 'minmax(178px, 1.2fr)',
      sorts: 'asc',
      cell: job => <bdi>{job.author}</bdi>
    },
    {
      key: 'organisation',
      label: trans.__('Organisation'),
      width: 'minmax(122px, 0.8fr)',
      sorts: 'asc',
      cell: job => <bdi>{job.organisation}</bdi>
    },
    {
      key: 'created',
      label: trans.__('Created'),
      width: '104px',
      sorts: 'desc',
      cell: job => <LocalTime at={job.created} />
    },
    {
      key: 'updated',
      label: trans.__('Changed'),
      width: '104px',
      sorts: 'desc',
      cell: job => <LocalTime at={job.updated} />
    },
    {
      key: 'run',
      label: trans.__('Newest run'),
      width: '116px',
      sorts: 'desc',
      cell: job => {
        const run = job.newest_run;
        return (
          run !== null && (
            <button
              type="button"
              className="jp-SecureJobs-link"
              tabIndex={-1}
              aria-label={trans.__('Open run %1 of %2', run.number, job.name)}
              onClick={event => {
                event.stopPropagation();
                desk.openJob(job.workspace, job.id, { tab: 'history', run: run.id });
              }}
            >
              <LocalTime at={run.created} />
            </button>
          )
        );
      }
    }
  ];
}

/** How many jobs the view finds as far as the server counts them, and where it stops. */
function useTotal(desk: Desk, view: View, narrow: string): readonly [number, number] | null {
  const { model } = desk;
  const shown = useCurrent(model);
  const { value } = useLoaded<JobCounts>(
    model.connection,
    `${model.path('jobs/counts')}?${narrow}`,
    `${shown.moved} ${model.acting ?? ''}`,
    shown.workspace !== null
  );
  if (value === null) {
    return null;
  }
  const counts: Readonly<Record<string, number>> = { ...value };
  const found = counts[view.group] ?? value.needs_me + value.mine + value.others;
  return [found, value.most];
}

/** All jobs of the workspace as a table: filtered, searched and sorted by the server. */
export function JobsPage(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const { model } = desk;
  const shown = useCurrent(model);
  const [view, setView] = useState(() => viewOf(desk.memory.getItem(KEPT)));
  const change = (part: Partial<View>): void => {
    const next = { ...view, ...part };
    setView(next);
    desk.memory.setItem(KEPT, remembered(next));
  };
  const text = useSettled(view.text.trim(), PAUSE);
  const narrow = narrowing({ ...view, text });
  const { by, order } = view.sorting;
  const group = view.group === '' ? '' : `filter=${encodeURIComponent(view.group)}&`;
  const list = usePaged<Job>(
    model,
    `${model.path('jobs')}?${group}sort=${encodeURIComponent(by)}&order=${order}${narrow === '' ? '' : `&${narrow}`}`,
    job => job.id
  );
  const total = useTotal(desk, view, narrow);
  const narrowed = view.group !== '' || narrow !== '';
  return (
    <article className="jp-SecureJobs-listpage" aria-label={trans.__('All jobs')}>
      <header>
        <h2>{trans.__('Jobs')}</h2>
        <span role="status">
          {total === null
            ? trans.__('Counting…')
            : trans._n('%1 job', '%1 jobs', total[0]).replace(String(total[0]), counted(...total))}
        </span>
        {!shown.connected && <span>{trans.__('Not connected: this may be out of date.')}</span>}
      </header>
      <div className="jp-SecureJobs-filters" role="search" aria-label={trans.__('Filter jobs')}>
        <input
          type="search"
          className="jp-mod-styled"
          aria-label={trans.__('Search jobs')}
          placeholder={trans.__('Name, description, author, organisation')}
          dir="auto"
          maxLength={200}
          value={view.text}
          onChange={event => {
            change({ text: event.target.value });
          }}
        />
        <label>
          {trans.__('Show')}{' '}
          <select
            value={view.group}
            onChange={event => {
              change({ group: event.target.value });
            }}
          >
            {groups().map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <CheckMenu
          label={trans.__('Status')}
          options={STATUSES.map(each => [each, each] as const)}
          chosen={view.statuses}
          change={statuses => {
            change({ statuses });
          }}
        />
        {narrowed && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              change({ ...FIRST_VIEW, sorting: view.sorting });
            }}
          >
            {trans.__('Show all')}
          </button>
        )}
      </div>
      <WindowTable
        label={trans.__('Jobs')}
        list={list}
        keyOf={job => job.id}
        columns={columns(desk)}
        total={total === null || total[0] > total[1] ? null : total[0]}
        sorting={view.sorting}
        sort={sorting => {
          change({ sorting });
        }}
        opens={job => () => {
          desk.openJob(job.workspace, job.id);
        }}
        empty={
          <p>
            {narrowed
              ? trans.__('No job is like that. Change the filters, or show all.')
              : trans.__('No jobs yet. Run a %%%%securejob cell or choose New job.')}
          </p>
        }
      />
    </article>
  );
}
