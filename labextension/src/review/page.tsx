import { useEffect, useRef, useState, type ReactElement, type RefObject } from 'react';

import type { JobDetail, ReviewStatement } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace } from '../job/places';
import { useWish } from '../job/useWish';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { draftsOf, goOn, isUnadded } from './drafts';
import { Statement } from './statement';

/** Which submission of a job was being read in its page, also while the author had taken it back. */
const reading = new WeakMap<JobModel, string>();

function Resubmitted(props: {
  readonly desk: Desk;
  readonly before: string;
  readonly agree: () => void;
}): ReactElement {
  const { desk, before, agree } = props;
  const { lines, form } = draftsOf(desk.memory, desk.model.acting, before);
  const unsent = form !== null && isUnadded(form) ? [...lines, form] : lines;
  return (
    <div className="jp-SecureJobs-alarm" role="alert">
      <p>
        <strong>{trans.__('The author resubmitted: read this submission anew.')}</strong>{' '}
        {trans.__('What you were reading is not asked about any more; its form is closed.')}
      </p>
      {unsent.length > 0 && (
        <>
          <p>
            {trans.__(
              'Your comments on lines of then were not sent. They are forgotten when you go on; copy what you still need:'
            )}
          </p>
          <ul>
            {unsent.map((each, at) => (
              <li key={at}>
                {trans.__('Line %1:', each.line ?? '?')} <q dir="auto">{each.text}</q>
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

/** Leads to the form once there is one: a wish that came earlier waits for it. */
function LeadToForm(props: {
  readonly place: JobPlace;
  readonly frame: RefObject<HTMLDivElement | null>;
}): null {
  const { place, frame } = props;
  useWish(place, 'decide', () => {
    const form = frame.current?.querySelector<HTMLElement>('.jp-SecureJobs-decidepart textarea');
    form?.scrollIntoView({ block: 'center' });
    form?.focus();
  });
  return null;
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
  // Whose comments these are is known once the member side told who acts.
  useCurrent(desk.model);
  const { acting, connection } = desk.model;
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
            goOn(desk.memory, desk.model.acting, read, value.version_hash);
            setRead(value.version_hash);
            frame.current?.querySelector<HTMLElement>('.jp-SecureJobs-sentence')?.focus();
          }}
        />
      )}
      {value !== null && (
        <Statement
          key={`${acting ?? ''} ${value.version_hash}`}
          desk={desk}
          job={job}
          detail={detail}
          review={value}
          before={read}
          closed={replaced || overtaken}
        />
      )}
      {value !== null && <LeadToForm place={place} frame={frame} />}
    </div>
  );
}
