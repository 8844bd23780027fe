import { useState, type ReactElement } from 'react';

import type { Job, JobCounts } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { ListState, PagedList } from '../lists/paged';
import { WindowTree, type TreeRow } from '../lists/tree';
import { usePaged } from '../lists/usePaged';
import { useSettled } from '../lists/useSettled';
import { counted } from '../ui/counted';
import { statusIcon } from '../ui/icons';
import { ProblemNotice } from '../ui/problemNotice';
import { Age } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';

/** So long after the last letter, in milliseconds, the server is asked. */
const PAUSE = 60;
type Group = Exclude<keyof JobCounts, 'most'>;
const HEADING_HEIGHT = 28;
const JOB_HEIGHT = 46;

interface Shelf {
  readonly group: Group;
  readonly list: PagedList<Job>;
  readonly state: ListState<Job>;
  readonly open: boolean;
  /** Its jobs are still those of an earlier question, or none yet. */
  readonly busy: boolean;
  readonly fold: () => void;
}

function titleOf(group: Group, count: string): string {
  const titles = {
    needs_me: trans.__('Needs your decision (%1)', count),
    mine: trans.__('Mine (%1)', count),
    others: trans.__('Others (%1)', count),
    archived: trans.__('Archived (%1)', count)
  };
  return titles[group];
}

function JobLine(props: { readonly job: Job }): ReactElement {
  const { job } = props;
  const Icon = statusIcon(job.status).react;
  return (
    <>
      <Icon tag="span" elementSize="normal" aria-hidden="true" />
      <bdi className="jp-SecureJobs-name">{job.name}</bdi>
      <span className="jp-SecureJobs-about">
        <span className="jp-SecureJobs-status">{job.status_text}</span>{' '}
        <bdi>{job.organisation}</bdi>
        {' · '}
        <Age at={job.updated} />
      </span>
    </>
  );
}

function useShelf(desk: Desk, group: Group, filter: string, counts: JobCounts | null): Shelf {
  // A shelf that may hold something is asked for beside the count, not after it.
  const empty = counts !== null && counts[group] === 0;
  const key = `group-${group}`;
  const folded = group === 'archived' ? 'folded' : 'open';
  const [open, setOpen] = useState((desk.memory.getItem(key) ?? folded) === 'open');
  const question = `${desk.model.path('jobs')}?filter=${group}&sort=updated${filter}`;
  const wanted = open && !empty;
  const list = usePaged<Job>(desk.model, wanted ? question : null, job => job.id);
  const state = useCurrent(list);
  const busy = wanted && state.problem === null && !(state.settled && state.question === question);
  const fold = (): void => {
    setOpen(!open);
    desk.memory.setItem(key, open ? 'folded' : 'open');
  };
  return { group, list, state, open, busy, fold };
}

function rowsOf(
  desk: Desk,
  shelf: Shelf,
  counts: JobCounts | null,
  place: readonly [number, number]
): TreeRow[] {
  const { group, state, open } = shelf;
  const count = counts?.[group] ?? 0;
  const most = counts?.most ?? count;
  const heading: TreeRow = {
    key: group,
    level: 1,
    open,
    place,
    height: HEADING_HEIGHT,
    className: 'jp-SecureJobs-group',
    content: () => (
      <>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span> {titleOf(group, counted(count, most))}
      </>
    ),
    press: shelf.fold
  };
  const jobs = state.items.map((job, index): TreeRow => ({
    key: job.id,
    level: 2,
    open: null,
    // Of a list that is longer than the server counts, how long it is stays open.
    place: [index + 1, count > most ? -1 : Math.max(count, state.items.length)],
    height: JOB_HEIGHT,
    className: 'jp-SecureJobs-row',
    content: () => <JobLine job={job} />,
    press: () => {
      desk.openJob(job.workspace, job.id);
    }
  }));
  return open ? [heading, ...jobs] : [heading];
}

function Nothing(props: { readonly text: string }): ReactElement {
  return props.text === '' ? (
    <p>{trans.__('No jobs yet. Run a %%%%securejob cell or choose New job.')}</p>
  ) : (
    <p>
      {trans.__('No job has “%1” in its name, description, author or organisation.', props.text)}
    </p>
  );
}

/** The workspace's jobs in the server's groups, which fold; a filter asks the server. */
export function Jobs(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const { model } = desk;
  const shown = useCurrent(model);
  const [text, setText] = useState('');
  const asked = useSettled(text.trim(), PAUSE);
  const filter = asked === '' ? '' : `&q=${encodeURIComponent(asked)}`;
  const found = useLoaded<JobCounts>(
    model.connection,
    `${model.path('jobs/counts')}?${filter.slice(1)}`,
    `${shown.moved} ${model.acting ?? ''}`,
    shown.workspace !== null && asked !== ''
  );
  // While the first count of a filter is under way, every shelf may hold something.
  const counts = asked === '' ? shown.counts : (found.value ?? shown.counts);
  const needed = useShelf(desk, 'needs_me', filter, counts);
  const mine = useShelf(desk, 'mine', filter, counts);
  const others = useShelf(desk, 'others', filter, counts);
  const archived = useShelf(desk, 'archived', filter, counts);
  const filled = [needed, mine, others, archived].filter(({ group }) => (counts?.[group] ?? 0) > 0);
  const busy =
    text.trim() !== asked ||
    (asked !== '' && found.value === null && found.problem === null) ||
    filled.some(shelf => shelf.busy);
  const parts = filled.map((shelf, index) => ({
    shelf,
    rows: rowsOf(desk, shelf, counts, [index + 1, filled.length])
  }));
  const problem = filled.map(({ state }) => state.problem).find(each => each !== null) ?? null;
  const inSight = (first: number, last: number): void => {
    let start = 1;
    for (const { shelf, rows } of parts) {
      shelf.list.inSight(first - start, last - start);
      start += rows.length;
    }
  };
  return (
    <div className="jp-SecureJobs-section jp-SecureJobs-shelf">
      <input
        type="search"
        className="jp-mod-styled jp-SecureJobs-filter"
        aria-label={trans.__('Filter jobs')}
        placeholder={trans.__('Filter jobs')}
        dir="auto"
        maxLength={200}
        value={text}
        onChange={event => {
          setText(event.target.value);
        }}
      />
      {problem !== null && (
        <ProblemNotice
          problem={problem}
          retry={() => {
            filled.forEach(({ list }) => {
              list.retry();
            });
          }}
        />
      )}
      {counts !== null && filled.length === 0 && <Nothing text={asked} />}
      {counts === null && shown.problem === null && <p>{trans.__('Fetching…')}</p>}
      {filled.length > 0 && (
        <WindowTree
          label={trans.__('Jobs')}
          rows={parts.flatMap(({ rows }) => rows)}
          question={`${model.acting ?? ''} ${asked}`}
          busy={busy}
          inSight={inSight}
        />
      )}
    </div>
  );
}
