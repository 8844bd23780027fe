import { useEffect, useState, type ReactElement } from 'react';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { CheckResult, JobDetail } from '../api/shapes';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';

/** What the check before submission finds, with the text that will be signed in a few words. */
export function Check(props: {
  readonly connection: Connection;
  readonly job: JobDetail;
}): ReactElement {
  const { connection, job } = props;
  const { version } = job;
  const [found, setFound] = useState<CheckResult | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let shown = true;
    const tables = version.datasets.map(each => each.table);
    connection
      .json<CheckResult>(`member/workspaces/${encodeURIComponent(job.workspace)}/check`, {
        method: 'POST',
        body: {
          language: version.language,
          code: version.code,
          tables,
          compute: version.compute,
          memory_bytes: version.limits.memory_bytes
        }
      })
      .then(
        answer => {
          if (shown) {
            setFound(answer);
          }
        },
        (reason: unknown) => {
          if (shown) {
            setProblem(asProblem(reason));
          }
        }
      );
    return () => {
      shown = false;
    };
  }, [connection, job.workspace, version]);
  const lines = version.code.split('\n').length;
  return (
    <div className="jp-SecureJobs-signed">
      <p>
        {trans.__(
          'You sign this draft as it is in front of you: %1 lines of %2, reading %3.',
          lines,
          version.language,
          version.datasets.map(each => each.table).join(', ') || trans.__('no dataset')
        )}
      </p>
      <p>{trans.__('Test: %1.', job.test_status)}</p>
      {problem !== null && <ProblemNotice problem={problem} />}
      {found?.problems.map((each, at) => (
        <p key={at} className={each.fatal ? 'jp-SecureJobs-problem' : undefined}>
          {each.line === null ? each.message : trans.__('Line %1: %2', each.line, each.message)}
        </p>
      ))}
      {found?.problems.length === 0 && <p>{trans.__('The check found nothing wrong.')}</p>}
    </div>
  );
}
