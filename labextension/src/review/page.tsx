import { useId, useState, type ReactElement } from 'react';

import type { Job, ReviewStatement } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import type { WorkspaceModel } from '../workspace/model';
import { useSnapshot } from '../workspace/useSnapshot';
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
  readonly model: WorkspaceModel;
  readonly job: Job;
}): ReactElement {
  const { model, job } = props;
  const id = useId();
  const shown = useSnapshot(model);
  const [path] = useState(() => `member/${model.path(`jobs/${encodeURIComponent(job.id)}`)}`);
  const now = shown.jobs.find(each => each.id === job.id) ?? job;
  const newest = `${now.revision} ${now.status_text}`;
  const [reviewed, setReviewed] = useState(newest);
  // After one's decision there is nothing to fetch again: what was decided stays on the page.
  if (reviewed !== newest && now.needs_me) {
    setReviewed(newest);
  }
  const {
    value: review,
    problem,
    retry
  } = useLoaded<ReviewStatement>(model.connection, `${path}/review`, reviewed);
  const [first, setFirst] = useState<string | null>(null);
  if (first === null && review !== null) {
    setFirst(review.version_hash);
  }
  return (
    <article className="jp-SecureJobs-page" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>
          {review === null ? 'Review' : `Review of version ${review.number}`}
        </h2>
        <span className="jp-SecureJobs-status">{now.status_text}</span>
        <AssuranceChip />
      </header>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {review === null && problem === null && (
        <p role="status">Checking the statement and its signatures…</p>
      )}
      {review !== null && first !== review.version_hash && (
        <p role="alert">The author resubmitted: read this submission anew.</p>
      )}
      {review !== null && (
        <>
          <Statement key={`text ${review.version_hash}`} review={review} />
          <Decide
            key={review.version_hash}
            model={model}
            path={path}
            hash={review.version_hash}
            actions={now.actions}
          />
        </>
      )}
    </article>
  );
}
