import { useRef, useState, type ReactElement } from 'react';

import { Hash } from '../actions/signed';
import type { ActionBody } from '../actions/sheet';
import { asProblem, type Problem } from '../api/problem';
import type { Action, JobDetail, Page, ReviewStatement, Version } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { DraftModel } from '../draft/model';
import { DraftTerms } from '../draft/terms';
import { AssuranceChip } from '../ui/assurance';
import { TextField } from '../ui/fields';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { factsOf } from './facts';
import type { JobModel } from './model';
import type { JobPlace } from './places';
import { useWish } from './useWish';

const LONGEST_NAME = 50;
const LONGEST_DESCRIPTION = 150;

function Versions(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly place: JobPlace;
  readonly perform: (action: Action, body?: ActionBody) => Promise<void>;
}): ReactElement {
  const { desk, job, detail, place, perform } = props;
  const section = useRef<HTMLElement>(null);
  useWish(place, 'versions', () => {
    section.current?.scrollIntoView();
    section.current?.querySelector<HTMLElement>('button[aria-disabled="false"]')?.focus();
  });
  const [refused, setRefused] = useState<Problem | null>(null);
  const { value, problem, retry } = useLoaded<Page<Version>>(
    desk.model.connection,
    `${job.path}/versions`,
    `${detail.revision} ${detail.status_text}`
  );
  return (
    <section ref={section} aria-label={trans.__('Versions')}>
      <h3>{trans.__('Versions')}</h3>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {refused !== null && <ProblemNotice problem={refused} />}
      <ul className="jp-SecureJobs-versions">
        {value?.items.map(version => (
          <li key={version.number}>
            <strong>{trans.__('Version %1', version.number)}</strong> · {version.state}
            {version.live && ` · ${trans.__('live')}`}
            {version.submitted !== null && (
              <>
                {' · '}
                {trans.__('submitted')} <LocalTime at={version.submitted} />
              </>
            )}
            {version.hash !== null && <Hash value={version.hash} />}
            {version.activate !== null && (
              <button
                type="button"
                className="jp-SecureJobs-action"
                aria-disabled={!version.activate.allowed}
                title={version.activate.reason ?? version.activate.effect}
                onClick={() => {
                  const { activate } = version;
                  if (activate?.allowed === true) {
                    setRefused(null);
                    perform(activate, { version: version.number }).catch((reason: unknown) => {
                      setRefused(asProblem(reason));
                    });
                  }
                }}
              >
                {version.activate.label}
              </button>
            )}
            {version.activate?.reason != null && (
              <span className="jp-SecureJobs-reason">{version.activate.reason}</span>
            )}
            <details>
              <summary>{trans.__('Text of version %1', version.number)}</summary>
              <pre
                className="jp-SecureJobs-code"
                tabIndex={0}
                role="region"
                aria-label={trans.__('Text of version %1', version.number)}
              >
                {version.code}
              </pre>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Name, description and the job's facts; in a draft also its terms, to be changed. */
export function DetailsTab(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly draft: DraftModel;
  readonly place: JobPlace;
  readonly perform: (action: Action, body?: ActionBody) => Promise<void>;
}): ReactElement {
  const { desk, job, detail, draft, place, perform } = props;
  const editable = detail.actions.some(each => each.name === 'edit' && each.allowed);
  const pending = draft.current.pending;
  const submitted = detail.version.hash;
  const review = useLoaded<ReviewStatement>(
    desk.model.connection,
    `member/${job.path}/review`,
    submitted ?? '',
    submitted !== null
  );
  // Once it is submitted, the facts are those of the statement that this side fetched and verified itself.
  const verified = review.value?.facts
    .filter(each => !['Name', 'Description'].includes(each.name))
    .map(each => [each.name, each.value] as const);
  const facts = verified ?? factsOf(detail);
  return (
    <div className="jp-SecureJobs-details">
      <TextField
        label={trans.__('Name')}
        longest={LONGEST_NAME}
        readOnly={!detail.mine}
        value={pending.name ?? detail.name}
        change={name => {
          draft.change({ name });
        }}
      />
      <TextField
        label={trans.__('Description')}
        longest={LONGEST_DESCRIPTION}
        readOnly={!detail.mine}
        about={trans.__('Optional. A version that was submitted keeps the text that was reviewed.')}
        value={pending.description ?? detail.description}
        change={description => {
          draft.change({ description });
        }}
      />
      <h3>{trans.__('Job and compute')}</h3>
      {review.problem !== null && <ProblemNotice problem={review.problem} retry={review.retry} />}
      {verified !== undefined && (
        <p>{trans.__('As this side verified version %1.', review.value?.number ?? '')}</p>
      )}
      <dl className="jp-SecureJobs-facts">
        <dt>{trans.__('Date created')}</dt>
        <dd>
          <LocalTime at={detail.created} />
        </dd>
        <dt>{trans.__('Created by')}</dt>
        <dd>
          <bdi>{detail.author}</bdi> ({detail.organisation})
        </dd>
        <dt>{trans.__('Stage')}</dt>
        <dd>{detail.stage}</dd>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
        <dt>{trans.__('Assurance')}</dt>
        <dd>
          <AssuranceChip />
        </dd>
      </dl>
      {editable && <DraftTerms desk={desk} detail={detail} draft={draft} />}
      <Versions desk={desk} job={job} detail={detail} place={place} perform={perform} />
    </div>
  );
}
