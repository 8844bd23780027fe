import type { ReactElement } from 'react';

import type { JobDetail, Page, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import { Elapsed } from '../runs/elapsed';
import { ResultPart } from '../runs/parts';
import { Steps } from '../runs/steps';
import { ProblemNotice } from '../ui/problemNotice';
import { StatusChip } from '../ui/statusChip';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';

interface RunProps {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly run: Run;
}

/** The rows of a test are synthetic and stand here; those of a job run are opened on the job's page alone. */
function Outcome(props: RunProps): ReactElement | null {
  const { desk, job, run } = props;
  if (!run.has_result || !run.can_open) {
    return null;
  }
  return run.kind === 'test' ? (
    <ResultPart
      desk={desk}
      organisation={job.current.detail?.organisation ?? ''}
      run={run}
      path={`member/${job.place}/runs/${encodeURIComponent(run.id)}`}
    />
  ) : (
    <button
      type="button"
      className="jp-SecureJobs-link"
      onClick={() => {
        desk.openJob(job.workspace, job.id, { tab: 'query', run: run.id });
      }}
    >
      {trans.__('Rows on the job page')}
    </button>
  );
}

/** One run in a card: where it stands, its steps while it goes on, and what it gave. */
function RunInCard(props: RunProps): ReactElement {
  const { run } = props;
  const kinds: Readonly<Record<string, string>> = {
    job: trans.__('Job run %1', run.number),
    test: trans.__('Test run %1', run.number)
  };
  const title = kinds[run.kind] ?? trans.__('Run %1', run.number);
  return (
    <section aria-label={title} className="jp-SecureJobs-cardrun">
      <p>
        {title} <StatusChip status={run.status} text={run.status} />{' '}
        {trans.__('of version %1', run.version)} · <LocalTime at={run.created} />
        {run.active && (
          <>
            {' · '}
            <Elapsed since={run.created} />
          </>
        )}
      </p>
      {run.waiting !== null && <p>{run.waiting}</p>}
      {run.active && <Steps run={run} />}
      {run.error_text !== null && <p dir="auto">{run.error_text}</p>}
      <Outcome {...props} />
    </section>
  );
}

/** The run that an output is about. */
export function NamedRun(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly run: string;
}): ReactElement {
  const { desk, job } = props;
  const { value, problem, retry } = useLoaded<Run>(
    desk.model.connection,
    `${job.place}/runs/${encodeURIComponent(props.run)}`,
    String(useCurrent(desk.model).moved)
  );
  if (value !== null && value.job !== job.id) {
    return <p>{trans.__('The run that this output names is not one of this job.')}</p>;
  }
  if (value !== null) {
    return <RunInCard desk={desk} job={job} run={value} />;
  }
  return problem === null ? (
    <p role="status">{trans.__('Fetching the run…')}</p>
  ) : (
    <ProblemNotice problem={problem} retry={retry} />
  );
}

/** The job's newest test on synthetic data, and its newest job run if there was one. */
export function NewestRuns(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
}): ReactElement {
  const { desk, job, detail } = props;
  const { value, problem, retry } = useLoaded<Page<Run>>(
    desk.model.connection,
    `${job.path}/runs?kind=test&limit=1`,
    String(useCurrent(desk.model).moved)
  );
  const test = value?.items[0];
  return (
    <>
      {detail.newest_run !== null && <RunInCard desk={desk} job={job} run={detail.newest_run} />}
      {test !== undefined && <RunInCard key={test.id} desk={desk} job={job} run={test} />}
      {value !== null && test === undefined && <p>{trans.__('Not tested yet.')}</p>}
      {value === null && problem !== null && <ProblemNotice problem={problem} retry={retry} />}
    </>
  );
}
