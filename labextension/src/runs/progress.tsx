import { useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Run } from '../api/shapes';
import type { Desk } from '../desk';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { Elapsed } from './elapsed';
import { Steps } from './steps';

/** A run on its way: its steps as they begin, how long it takes so far, what it waits for, and how to stop it. */
export function Progress(props: {
  readonly desk: Desk;
  readonly run: Run;
  readonly place: string;
}): ReactElement {
  const { desk, run, place } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  const cancel = (): void => {
    setProblem(null);
    desk.model.connection
      .json(`${place}/runs/${encodeURIComponent(run.id)}/cancel`, { method: 'POST', body: {} })
      .then(
        () => desk.model.refresh(),
        (reason: unknown) => {
          setProblem(asProblem(reason));
        }
      )
      .catch(() => undefined);
  };
  return (
    <section className="jp-SecureJobs-progress" aria-label={trans.__('Progress of the run')}>
      <Steps run={run} />
      <p>
        <Elapsed since={run.created} />
        {run.place !== null && ` · ${trans.__('place %1 in the queue', run.place)}`}
        {run.waiting !== null && ` · ${run.waiting}`}
        {run.waits_until !== null && (
          <>
            {` · ${trans.__('waits until')} `}
            <LocalTime at={run.waits_until} />
          </>
        )}
      </p>
      <p>
        {run.can_cancel && (
          <button type="button" className="jp-SecureJobs-action" onClick={cancel}>
            {trans.__('Cancel run')}
          </button>
        )}{' '}
        {run.cancel_requested
          ? trans.__('Asked to stop: its worker stops it with its next sign of life.')
          : trans.__('Leaving is safe: the run goes on, and a notice comes at the end.')}
      </p>
      {problem !== null && <ProblemNotice problem={problem} />}
    </section>
  );
}
