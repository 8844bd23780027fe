import { useEffect, useRef, useState, type ReactElement } from 'react';

import type { JobDetail, ReviewStatement } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace } from '../job/places';
import { useWish } from '../job/useWish';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { draftsOf } from './remarks';
import { Statement } from './statement';

/** Which submission of a job was being read in its page, also while the author had taken it back. */
const reading = new WeakMap<JobModel, string>();

function Resubmitted(props: {
  readonly desk: Desk;
  readonly before: string;
  readonly agree: () => void;
}): ReactElement {
  const { desk, before, agree } = props;
  const { lines } = draftsOf(desk.memory, desk.model.identity.email, before);
  return (
    <div className="jp-SecureJobs-alarm" role="alert">
      <p>
        <strong>{trans.__('The author resubmitted: read this submission anew.')}</strong>{' '}
        {trans.__('What you were reading is not asked about any more; its form is closed.')}
      </p>
      {lines.length > 0 && (
        <>
          <p>{trans.__('Your comments on lines of then were not sent:')}</p>
          <ul>
            {lines.map((each, at) => (
              <li key={at}>
                {trans.__('Line %1:', each.line)} <q dir="auto">{each.text}</q>
              </li>
            ))}
          </ul>
        </>
      )}
      <button type="button" className="jp-mod-styled" onClick={agree}>
        {trans.__('Review this submission')}
      </button>
    </div>
  );
}

/** The review of one submission, drawn from the statement that the member side verified itself. */
export function ReviewPage(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly place: JobPlace;
}): ReactElement {
  const { desk, job, detail, place } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { connection } = desk.model;
  const decisions = detail.approval.map(each => `${each.member} ${each.decision}`).join(',');
  const { value, problem, retry } = useLoaded<ReviewStatement>(
    connection,
    `member/${job.path}/review`,
    `${detail.version.number} ${detail.version.hash ?? ''} ${decisions}`
  );
  const [read, setRead] = useState<string | null>(() => reading.get(job) ?? null);
  if (read === null && value !== null) {
    setRead(value.version_hash);
  }
  useEffect(() => {
    if (read !== null) {
      reading.set(job, read);
    }
  }, [job, read]);
  useWish(place, 'decide', () => {
    const form = frame.current?.querySelector<HTMLElement>('.jp-SecureJobs-decidepart textarea');
    form?.scrollIntoView({ block: 'center' });
    form?.focus();
  });
  const replaced = value !== null && read !== null && value.version_hash !== read;
  // The server says that another submission is in front than the one that was read and verified here.
  const overtaken = value !== null && value.version_hash !== detail.version.hash;
  return (
    <div ref={frame} className="jp-SecureJobs-review">
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {value === null && problem === null && (
        <p role="status">{trans.__('Checking the statement and its signatures…')}</p>
      )}
      {overtaken && problem === null && (
        <p role="alert">{trans.__('The author resubmitted: fetching the new submission…')}</p>
      )}
      {replaced && !overtaken && (
        <Resubmitted
          desk={desk}
          before={read}
          agree={() => {
            setRead(value.version_hash);
            frame.current?.querySelector<HTMLElement>('.jp-SecureJobs-sentence')?.focus();
          }}
        />
      )}
      {value !== null && (
        <Statement
          key={value.version_hash}
          desk={desk}
          job={job}
          detail={detail}
          review={value}
          before={read}
          closed={replaced || overtaken}
        />
      )}
    </div>
  );
}
