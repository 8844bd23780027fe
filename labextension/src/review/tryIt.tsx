import { checkIcon, errorIcon, infoIcon } from '@jupyterlab/ui-components';
import { useId, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Comparison, JobDetail, Page, ReviewStatement, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { InputFields, startingValues, valuesOf } from '../inputs/inputFields';
import type { JobModel } from '../job/model';
import { LogPart, ResultPart } from '../runs/parts';
import { Steps } from '../runs/steps';
import { Folded } from '../ui/folded';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';

const LOOKED_AT = 50;

function Verdict(props: { readonly comparison: Comparison }): ReactElement {
  const { same, text } = props.comparison;
  const [icon, word] =
    same === null
      ? [infoIcon, null]
      : same
        ? [checkIcon, trans.__('same as the author’s')]
        : [errorIcon, trans.__('differs')];
  return (
    <p className="jp-SecureJobs-verdict" role="status">
      <icon.react tag="span" elementSize="normal" aria-hidden="true" />
      {word !== null && <strong>{word}</strong>} <span dir="auto">{text}</span>
    </p>
  );
}

function One(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly title: string;
  readonly run: Run;
}): ReactElement {
  const { desk, job, title, run } = props;
  const path = `member/${job.place}/runs/${encodeURIComponent(run.id)}`;
  const part = { desk, run, path, organisation: job.current.detail?.organisation ?? '' };
  return (
    <section aria-label={title}>
      <h4>
        {title} · {trans.__('test run %1', run.number)} · {run.status} ·{' '}
        <LocalTime at={run.created} />
      </h4>
      <ResultPart {...part} />
      {run.has_log && <Folded summary={trans.__('Log')}>{() => <LogPart {...part} />}</Folded>}
    </section>
  );
}

function Compared(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly run: Run;
  /** The test was asked for just now: its result is shown at once. */
  readonly fresh: boolean;
}): ReactElement {
  const { desk, job, run, fresh } = props;
  const { connection } = desk.model;
  const { value, problem, retry } = useLoaded<Comparison>(
    connection,
    `member/${job.place}/runs/${encodeURIComponent(run.id)}/comparison`
  );
  const other = value?.authors_run ?? null;
  const authors = useLoaded<Run>(
    connection,
    `${job.place}/runs/${encodeURIComponent(other ?? '')}`,
    '',
    other !== null
  );
  return (
    <>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {value === null && problem === null && (
        <p role="status">{trans.__('Comparing with the author’s test…')}</p>
      )}
      {value !== null && <Verdict comparison={value} />}
      {run.error_text !== null && <p dir="auto">{run.error_text}</p>}
      <Folded summary={trans.__('Results beside each other')} forced={fresh}>
        {() => (
          <div className="jp-SecureJobs-beside">
            <One desk={desk} job={job} title={trans.__('Your test')} run={run} />
            {authors.value !== null && (
              <One
                desk={desk}
                job={job}
                title={trans.__('The author’s test')}
                run={authors.value}
              />
            )}
          </div>
        )}
      </Folded>
    </>
  );
}

/** Repeats the test on synthetic data, follows it, and shows its result beside the author's. */
export function TryIt(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly review: ReviewStatement;
}): ReactElement {
  const { desk, job, detail, review } = props;
  const id = useId();
  const { connection } = desk.model;
  const { moved } = useCurrent(desk.model);
  const { acting } = desk.model;
  const [inputs, setInputs] = useState(() => startingValues(review.inputs));
  const [asked, setAsked] = useState<Run | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const action = detail.actions.find(each => each.name === 'test');
  const known = useLoaded<Page<Run>>(
    connection,
    `${job.path}/runs?kind=test&limit=${LOOKED_AT}`,
    `${moved} ${asked?.id ?? ''}`
  );
  const tests = known.value?.items ?? [];
  const run =
    asked === null
      ? tests.find(each => each.member === acting && each.version === review.number)
      : (tests.find(each => each.id === asked.id) ?? asked);
  const authors =
    review.inputs.length === 0
      ? undefined
      : tests.find(each => each.member === review.author && each.has_result);
  const start = (): void => {
    if (action?.allowed !== true || busy) {
      return;
    }
    setBusy(true);
    setProblem(null);
    connection
      .json<Run>(`${job.path}/tests`, { method: 'POST', body: { inputs } })
      .then(setAsked)
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      })
      .finally(() => {
        setBusy(false);
      });
  };
  return (
    <>
      <p>
        {trans.__(
          'A test runs exactly this text on synthetic data: nobody’s rows are used. The author’s test should give the same.'
        )}
      </p>
      <InputFields prefix={id} variables={review.inputs} values={inputs} change={setInputs} />
      {authors !== undefined && (
        <p>
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              setInputs(valuesOf(review.inputs, authors.inputs));
            }}
          >
            {trans.__('Take the author’s values (test run %1)', authors.number)}
          </button>
        </p>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      {action !== undefined && (
        <div className="jp-SecureJobs-buttons">
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            aria-disabled={!action.allowed || busy}
            aria-describedby={action.allowed ? undefined : `${id}-reason`}
            onClick={start}
          >
            {action.label}
          </button>
          {!action.allowed && (
            <span id={`${id}-reason`} className="jp-SecureJobs-reason">
              {action.reason}
            </span>
          )}
        </div>
      )}
      {run !== undefined && run.finished === null && (
        <div role="status">
          <p>
            {trans.__('Your test run %1: %2', run.number, run.status)}
            {run.waiting !== null && ` · ${run.waiting}`}
          </p>
          {run.steps.length > 0 && <Steps run={run} />}
        </div>
      )}
      {run !== undefined && run.finished !== null && (
        <Compared key={run.id} desk={desk} job={job} run={run} fresh={asked !== null} />
      )}
    </>
  );
}
