import { useEffect, useRef, type ReactElement } from 'react';

import type { JobDetail, Page, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace, Output } from '../job/places';
import { useWish } from '../job/useWish';
import { ProblemNotice } from '../ui/problemNotice';
import { Tabs } from '../ui/tabs';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { LogPart, ResultPart } from './parts';
import { Steps } from './steps';

/** The results and logs of one run below the query: the chosen one, else the newest. */
export function RunOutput(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly place: JobPlace;
}): ReactElement {
  const { desk, job, detail, place } = props;
  const at = useCurrent(place);
  const { moved } = useCurrent(desk.model);
  const frame = useRef<HTMLDivElement>(null);
  const { connection } = desk.model;
  const newest = useLoaded<Page<Run>>(connection, `${job.path}/runs?limit=1`, String(moved));
  const chosen = useLoaded<Run>(
    connection,
    `${job.place}/runs/${encodeURIComponent(at.run ?? newest.value?.items[0]?.id ?? '')}`,
    `${moved} ${detail.revision}`,
    at.run !== null
  );
  const run = at.run === null ? newest.value?.items[0] : chosen.value;
  const problem = at.run === null ? newest.problem : chosen.problem;
  useWish(place, 'output', () => {
    frame.current?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  });
  useEffect(() => {
    if (at.run !== null) {
      frame.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [at.run]);
  if (run == null) {
    return (
      <div ref={frame} className="jp-SecureJobs-output">
        {problem !== null ? (
          <ProblemNotice problem={problem} retry={newest.retry} />
        ) : (
          <p>{trans.__('No runs yet. Test the job on synthetic data to see what it gives.')}</p>
        )}
      </div>
    );
  }
  const path = `member/${job.place}/runs/${encodeURIComponent(run.id)}`;
  return (
    <div ref={frame} className="jp-SecureJobs-output">
      <p className="jp-SecureJobs-banner">
        {trans.__('%1 run %2', run.kind, run.number)} · {run.status} ·{' '}
        <LocalTime at={run.created} />
        {at.run !== null && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              place.newest();
            }}
          >
            {trans.__('Back to the newest run')}
          </button>
        )}
      </p>
      {run.waiting !== null && <p>{run.waiting}</p>}
      {run.active && <Steps run={run} />}
      <Tabs<Output>
        label={trans.__('What the run gave')}
        chosen={at.output}
        choose={output => {
          place.go({ output });
        }}
        items={[
          {
            key: 'results',
            label: trans.__('Results'),
            content: <ResultPart connection={connection} run={run} path={path} />
          },
          {
            key: 'logs',
            label: trans.__('Logs'),
            content: <LogPart connection={connection} run={run} path={path} />
          }
        ]}
      />
    </div>
  );
}
