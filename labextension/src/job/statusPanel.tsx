import type { ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import { AsTold, Opinions } from '../review/opinions';
import { Elapsed } from '../runs/elapsed';
import { duration } from '../runs/measures';
import { heard } from '../sidebar/heard';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';

/** The newest entries of the history; all of it is in the audit log. */
const SHOWN_ENTRIES = 12;

function Approval(props: { readonly detail: JobDetail }): ReactElement {
  const { approval, stops } = props.detail;
  return (
    <>
      {approval.length === 0 && <p>{trans.__('Nobody is asked yet.')}</p>}
      <Opinions label={trans.__('Decisions')} approval={approval} goTo={null} />
      {approval.some(each => each.time !== null) && <AsTold />}
      {stops.length > 0 && (
        <ul aria-label={trans.__('Revocations')}>
          {stops.map(stop => (
            <li key={`${stop.member} ${stop.scope}`}>
              {trans.__('Revoked by %1:', stop.member)} {stop.effect} · <LocalTime at={stop.time} />{' '}
              · {trans.__('Key services:')} {heard(stop)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Execution(props: { readonly detail: JobDetail }): ReactElement {
  const run = props.detail.newest_run;
  if (run === null) {
    return <p>{trans.__('Not run yet.')}</p>;
  }
  return (
    <>
      <p>
        <strong>{run.status}</strong> · {trans.__('run %1', run.number)} ·{' '}
        <LocalTime at={run.started ?? run.created} />
      </p>
      {run.waiting !== null && <p>{run.waiting}</p>}
      {run.active && (
        <>
          <p>
            <Elapsed since={run.created} />
          </p>
          <p>{run.steps.findLast(step => step.at !== null)?.label}</p>
        </>
      )}
      <p>
        {run.queued_ms !== null && trans.__('Queued for %1.', duration(run.queued_ms))}{' '}
        {run.run_ms !== null && trans.__('Ran for %1.', duration(run.run_ms))}
      </p>
      {run.error_text !== null && <p dir="auto">{run.error_text}</p>}
    </>
  );
}

/** From creation to completion: the query, who decided what, the newest execution, and what was done. */
export function StatusPanel(props: {
  readonly id: string;
  readonly desk: Desk;
  readonly detail: JobDetail;
  readonly open: boolean;
  readonly fold: () => void;
}): ReactElement {
  const { id, desk, detail, open, fold } = props;
  const toggle = (
    <button
      type="button"
      className="jp-SecureJobs-fold"
      aria-expanded={open}
      aria-controls={id}
      title={open ? trans.__('Fold the job status') : trans.__('Show the job status')}
      onClick={fold}
    >
      {trans.__('Job Status')} {open ? '›' : '‹'}
    </button>
  );
  if (!open) {
    return (
      <aside className="jp-SecureJobs-statuspanel jp-mod-folded">
        {toggle}
        <div id={id} hidden />
      </aside>
    );
  }
  return (
    <aside className="jp-SecureJobs-statuspanel" aria-label={trans.__('Job Status')}>
      {toggle}
      <div id={id}>
        <ol>
          <li>
            <h3>{trans.__('Job created')}</h3>
            <p>{detail.query_status}</p>
            <p>{detail.test_status}</p>
            <p>
              <bdi>{detail.author}</bdi> · <LocalTime at={detail.created} />
            </p>
          </li>
          <li>
            <h3>{trans.__('Job approval')}</h3>
            <Approval detail={detail} />
          </li>
          <li>
            <h3>{trans.__('Job execution')}</h3>
            <Execution detail={detail} />
          </li>
        </ol>
        <h3>{trans.__('What was done')}</h3>
        <ul aria-label={trans.__('What was done')}>
          {detail.history.slice(0, SHOWN_ENTRIES).map((entry, at) => (
            <li key={at}>
              <LocalTime at={entry.time} /> · <bdi>{entry.member}</bdi> · {entry.label}
              {entry.detail !== '' && (
                <>
                  {': '}
                  <span dir="auto">{entry.detail}</span>
                </>
              )}
            </li>
          ))}
        </ul>
        <button
          type="button"
          className="jp-SecureJobs-link"
          onClick={() => {
            desk.openAudit(detail.id);
          }}
        >
          {trans.__('All of it in the audit log')}
        </button>
      </div>
    </aside>
  );
}
