import { useRef, useState, type ReactElement } from 'react';

import type { JobDetail, ReviewStatement } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace } from '../job/places';
import { useWish } from '../job/useWish';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { Decide } from './decide';

function Facts(props: { readonly facts: ReviewStatement['facts'] }): ReactElement {
  return (
    <table className="jp-SecureJobs-table">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Now</th>
          <th scope="col">Last accepted version</th>
        </tr>
      </thead>
      <tbody>
        {props.facts.map(fact => (
          <tr key={fact.name} className={fact.changed ? 'jp-mod-changed' : undefined}>
            <th scope="row">
              {fact.name}
              {fact.changed && ' (changed)'}
            </th>
            <td>{fact.value}</td>
            <td>{fact.previous ?? '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lines(props: {
  readonly title: string;
  readonly lines: readonly string[];
}): ReactElement | null {
  const { title, lines } = props;
  return lines.length === 0 ? null : (
    <section aria-label={title}>
      <h3>{title}</h3>
      <ul className="jp-SecureJobs-bullets">
        {lines.map((line, at) => (
          <li key={at}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function Statement(props: { readonly review: ReviewStatement }): ReactElement {
  const { review } = props;
  const [full, setFull] = useState(review.diff === null);
  return (
    <>
      <p className="jp-SecureJobs-sentence">{review.sentence}</p>
      <section aria-label="What changed">
        <h3>{review.diff === null ? 'Nothing accepted before' : 'What changed'}</h3>
        <Facts facts={review.facts} />
      </section>
      <section aria-label="Code">
        <h3>Code</h3>
        {review.diff !== null && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            aria-pressed={full}
            onClick={() => {
              setFull(!full);
            }}
          >
            Full text
          </button>
        )}
        <pre
          className="jp-SecureJobs-code"
          tabIndex={0}
          role="region"
          aria-label={full ? `Code in ${review.language}` : 'Changes in the code'}
        >
          {full ? review.code : review.diff}
        </pre>
      </section>
      <Lines title="Notes (hints, not verdicts)" lines={review.notes.map(note => note.text)} />
      <Lines title="Checked on your side" lines={review.checked} />
    </>
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
  const newest = `${detail.version.number} ${detail.version.hash ?? ''}`;
  const { connection } = desk.model;
  const { value, problem, retry } = useLoaded<ReviewStatement>(
    connection,
    `member/${job.path}/review`,
    newest
  );
  const [first, setFirst] = useState<string | null>(null);
  if (first === null && value !== null) {
    setFirst(value.version_hash);
  }
  useWish(place, 'decide', () => {
    const form = frame.current?.querySelector<HTMLElement>('form textarea');
    form?.scrollIntoView({ block: 'center' });
    form?.focus();
  });
  return (
    <div ref={frame} className="jp-SecureJobs-review">
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {value === null && problem === null && (
        <p role="status">{trans.__('Checking the statement and its signatures…')}</p>
      )}
      {value !== null && first !== value.version_hash && (
        <p role="alert">{trans.__('The author resubmitted: read this submission anew.')}</p>
      )}
      {value !== null && (
        <>
          <Statement key={`text ${value.version_hash}`} review={value} />
          <Decide
            key={value.version_hash}
            model={desk.model}
            path={`member/${job.path}`}
            hash={value.version_hash}
            actions={detail.actions}
          />
        </>
      )}
    </div>
  );
}
