import { launchIcon, refreshIcon } from '@jupyterlab/ui-components';
import { useEffect, useRef, useState, type ReactElement } from 'react';

import { ActionBar } from '../actions/bar';
import { perform } from '../actions/perform';
import type { ActionBody } from '../actions/sheet';
import type { Action, JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import { pagesOf } from '../job/places';
import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import { StatusChip } from '../ui/statusChip';
import { localTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { SharedJobs } from './jobs';
import type { Reference } from './reference';
import { NamedRun, NewestRuns } from './runPart';
import { CardSheet } from './sheet';
import { visible } from '../ui/visible';

interface CardProps {
  readonly desk: Desk;
  readonly jobs: SharedJobs;
  readonly reference: Reference;
}

/** Whom the cell ran as, and whom this browser acts as: the actions are the second one's. */
function Members(props: {
  readonly ran: string | null;
  readonly acting: string | null;
}): ReactElement {
  const { ran, acting } = props;
  if (ran === null || ran === acting) {
    return (
      <p className="jp-SecureJobs-about">
        {trans.__('You act as')} <bdi>{acting}</bdi>.
      </p>
    );
  }
  return (
    <p className="jp-SecureJobs-about">
      {trans.__('Ran as')} <bdi>{ran}</bdi>; {trans.__('you act as')} <bdi>{acting}</bdi>,{' '}
      {trans.__('and what you can do here is yours.')}
    </p>
  );
}

function Rerun(props: { readonly detail: JobDetail }): ReactElement | null {
  const { rerun_indicator: indicator, actions, version } = props.detail;
  if (indicator === null) {
    return null;
  }
  const asked = actions.some(each => each.name === 'request_reruns' && each.allowed);
  const answer = version.grant.reruns ? trans.__('yes') : trans.__('no');
  return (
    <span className="jp-SecureJobs-status" role="note" aria-label={trans.__('Rerun approval')}>
      <refreshIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      {asked ? `${indicator}: ${answer}` : indicator}
    </span>
  );
}

function Header(props: {
  readonly detail: JobDetail;
  readonly ran: string | null;
  readonly acting: string | null;
}): ReactElement {
  const { detail, ran, acting } = props;
  return (
    <header>
      <div className="jp-SecureJobs-cardtitle">
        <h3 dir="auto">{visible(detail.name)}</h3>
        <span>{trans.__('version %1', detail.version.number)}</span>
        <StatusChip status={detail.status} text={detail.status_text} />
        <AssuranceChip />
        <Rerun detail={detail} />
      </div>
      <Members ran={ran} acting={acting} />
    </header>
  );
}

function LiveCard(props: CardProps): ReactElement {
  const { desk, jobs, reference } = props;
  const [share] = useState(() => jobs.take(reference.workspace, reference.job));
  useEffect(() => share.release, [share]);
  const { job } = share;
  const { detail, problem } = useCurrent(job);
  const shared = useCurrent(desk.model);
  const { acting } = desk.model;
  const [asking, setAsking] = useState<{ name: string; as: string | null } | null>(null);
  const frame = useRef<HTMLElement>(null);
  const invoker = useRef<Element | null>(null);

  if (detail === null) {
    return problem === null ? (
      <p role="status">{trans.__('Fetching the job…')}</p>
    ) : (
      <ProblemNotice problem={problem} retry={() => void job.refresh()} />
    );
  }
  // A question that was put to another member, or about what is offered no longer, is not asked any more.
  const asked =
    asking?.as === acting
      ? detail.actions.find(each => each.name === asking.name && each.allowed)
      : undefined;
  const press = (action: Action): void => {
    const page = pagesOf[action.name];
    if (page !== undefined) {
      const { tab, wish } = page;
      desk.openJob(job.workspace, job.id, {
        ...(tab === undefined ? {} : { tab }),
        ...(wish === undefined ? {} : { wish })
      });
      return;
    }
    invoker.current = document.activeElement;
    setAsking({ name: action.name, as: acting });
  };
  const close = (): void => {
    setAsking(null);
    const back = invoker.current;
    if (back instanceof HTMLElement && back.isConnected) {
      back.focus();
    } else {
      frame.current?.querySelector('button')?.focus();
    }
  };
  const settle = async (action: Action, body: ActionBody): Promise<void> => {
    const done = await perform(desk.model.connection, job, detail, action, body);
    if (done.detail !== null) {
      job.tell(done.detail);
    }
    await desk.model.refresh();
  };
  return (
    <article
      ref={frame}
      className="jp-SecureJobs-card"
      aria-label={trans.__('Job %1', visible(detail.name))}
    >
      <Header detail={detail} ran={reference.member} acting={acting} />
      {!shared.connected && (
        <p className="jp-SecureJobs-offline" role="status">
          {shared.updatedAt === null
            ? trans.__('Not connected.')
            : trans.__('Not connected, last update %1.', localTime(shared.updatedAt))}
        </p>
      )}
      {problem !== null && shared.connected && (
        <ProblemNotice problem={problem} retry={() => void job.refresh()} />
      )}
      {reference.run === null ? (
        <NewestRuns desk={desk} job={job} detail={detail} />
      ) : (
        <NamedRun desk={desk} job={job} run={reference.run} />
      )}
      {asked !== undefined && acting !== null && (
        <CardSheet
          key={asked.name}
          desk={desk}
          job={job}
          detail={detail}
          member={acting}
          action={asked}
          perform={body => settle(asked, body)}
          close={close}
        />
      )}
      <footer>
        {problem === null && (
          <ActionBar actions={detail.actions} connected={shared.connected} press={press} />
        )}
        <button
          type="button"
          className="jp-SecureJobs-action"
          onClick={() => {
            desk.openJob(
              job.workspace,
              job.id,
              reference.run === null ? {} : { tab: 'query', run: reference.run }
            );
          }}
        >
          <launchIcon.react tag="span" elementSize="normal" aria-hidden="true" />
          {trans.__('Open job page')}
        </button>
      </footer>
    </article>
  );
}

/**
 * A job in a notebook's output, alive: as this browser's member sees it now. The output holds a reference and nothing
 * else, and a notebook may carry any; a job is fetched only from a workspace that the member is in, and nothing is
 * done but on a click and after it was said what, for which job and as whom.
 */
export function JobCard(props: {
  readonly desk: Desk;
  readonly jobs: SharedJobs;
  readonly reference: Reference | null;
}): ReactElement {
  const { desk, jobs, reference } = props;
  const shared = useCurrent(desk.model);
  if (reference === null) {
    return <p>{trans.__('This output names no job that could be shown.')}</p>;
  }
  if (shared.member === null) {
    return shared.problem === null ? (
      <p role="status">{trans.__('Fetching the job…')}</p>
    ) : (
      <ProblemNotice problem={shared.problem} retry={() => void desk.model.refresh()} />
    );
  }
  if (!shared.workspaces.some(each => each.id === reference.workspace)) {
    return (
      <p>
        {trans.__('This output shows a job of another workspace. Not in it:')}{' '}
        <bdi>{desk.model.acting ?? trans.__('nobody chosen')}</bdi>.
      </p>
    );
  }
  const { workspace, job, run } = reference;
  return <LiveCard key={`${workspace}/${job}/${run ?? ''}`} {...{ desk, jobs, reference }} />;
}
