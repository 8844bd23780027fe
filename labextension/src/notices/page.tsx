import { useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Notice } from '../api/shapes';
import type { Desk } from '../desk';
import { WindowTable, type Column } from '../lists/table';
import { usePaged } from '../lists/usePaged';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { NoticesModel } from './model';

function columns(): Column<Notice>[] {
  return [
    {
      key: 'seen',
      label: trans.__('Seen'),
      width: '64px',
      cell: notice =>
        notice.seen ? (
          trans.__('Seen')
        ) : (
          <span className="jp-SecureJobs-new">{trans.__('New')}</span>
        )
    },
    {
      key: 'time',
      label: trans.__('Time'),
      width: '170px',
      cell: notice => <LocalTime at={notice.time} />
    },
    {
      key: 'text',
      label: trans.__('What happened'),
      width: 'minmax(280px, 1fr)',
      cell: notice => <span dir="auto">{notice.text}</span>
    },
    {
      key: 'job',
      label: trans.__('Job'),
      width: 'minmax(140px, 240px)',
      cell: notice =>
        notice.job !== null && <bdi className="jp-SecureJobs-name">{notice.job_name}</bdi>
    }
  ];
}

/** What happened that concerns the acting member, newest first. */
export function NoticesPage(props: {
  readonly desk: Desk;
  readonly notices: NoticesModel;
}): ReactElement {
  const { desk, notices } = props;
  const { model } = desk;
  useCurrent(model);
  const { unseen, more } = useCurrent(notices);
  const [problem, setProblem] = useState<Problem | null>(null);
  const list = usePaged<Notice>(model, model.path('notices'), notice => notice.id);
  const newest = useCurrent(list).items[0];
  return (
    <article className="jp-SecureJobs-listpage" aria-label={trans.__('Notices')}>
      <header>
        <h2>{trans.__('Notices')}</h2>
        <span role="status">
          {more
            ? trans.__('More than %1 new', unseen.length)
            : trans._n('%1 new', '%1 new', unseen.length)}
        </span>
        <button
          type="button"
          className="jp-SecureJobs-action"
          aria-disabled={unseen.length === 0 || newest === undefined}
          onClick={() => {
            if (unseen.length > 0 && newest !== undefined) {
              setProblem(null);
              notices.see(newest.id).then(
                () => {
                  list.moved();
                },
                (reason: unknown) => {
                  setProblem(asProblem(reason));
                }
              );
            }
          }}
        >
          {trans.__('Mark all as seen')}
        </button>
      </header>
      <p>{trans.__('Enter or a click opens the job that a notice is about.')}</p>
      {problem !== null && <ProblemNotice problem={problem} />}
      <WindowTable
        label={trans.__('Notices')}
        list={list}
        keyOf={notice => notice.id}
        columns={columns()}
        total={null}
        opens={notice =>
          notice.job === null
            ? null
            : () => {
                notices.open(notice);
              }
        }
        empty={
          <p>
            {trans.__(
              'Nothing has happened that concerns you. Reviews you are asked for, decisions on your jobs and ends of runs will stand here.'
            )}
          </p>
        }
      />
    </article>
  );
}
