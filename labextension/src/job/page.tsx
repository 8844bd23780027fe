import type { CodeEditor } from '@jupyterlab/codeeditor';
import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { asksOf } from '../actions/calls';
import { perform } from '../actions/perform';
import { ActionSheet, type ActionBody } from '../actions/sheet';
import { asProblem, Problem } from '../api/problem';
import type { Action, JobDetail } from '../api/shapes';
import type { Desk, Tab } from '../desk';
import type { DraftModel } from '../draft/model';
import { RunHistory } from '../runs/history';
import { ProblemNotice } from '../ui/problemNotice';
import { Split } from '../ui/split';
import { Tabs } from '../ui/tabs';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { useNarrow } from '../ui/useNarrow';
import { DetailsTab } from './detailsTab';
import { JobHeader } from './header';
import { pagesOf, type JobPlace } from './places';
import type { JobModel } from './model';
import { QueryTab } from './queryTab';
import { StatusPanel } from './statusPanel';

/** Below this width, in pixels, panels stand below one another. */
const NARROW = 760;

interface PageProps {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly draft: DraftModel;
  readonly place: JobPlace;
  readonly opened: (editor: CodeEditor.IEditor | null) => void;
}

/** One job: its header and actions, the three tabs, and the status panel at the right. */
export function JobPage(props: PageProps): ReactElement {
  const { desk, job, draft, place, opened } = props;
  const { detail, problem } = useCurrent(job);
  const drafted = useCurrent(draft);
  const shared = useCurrent(desk.model);
  const at = useCurrent(place);
  const [asking, setAsking] = useState<{ name: string; as: string | null } | null>(null);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [frame, narrow] = useNarrow(NARROW);
  const [statusOpen, setStatusOpen] = useState(desk.memory.getItem('status-folded') === null);
  const statusId = useId();
  const invoker = useRef<Element | null>(null);
  const latest = useRef(asking);
  useEffect(() => {
    latest.current = asking;
  });

  // A question that was put to another member, or about what is offered no longer, is not asked any more.
  const asked =
    asking !== null && asking.as === desk.model.acting
      ? (detail?.actions.find(each => each.name === asking.name && each.allowed) ?? null)
      : null;

  if (detail === null) {
    return (
      <article className="jp-SecureJobs-page" aria-label={trans.__('Job')}>
        {problem === null ? (
          <p role="status">{trans.__('Fetching the job…')}</p>
        ) : (
          <ProblemNotice problem={problem} retry={() => void job.refresh()} />
        )}
      </article>
    );
  }

  const shown: JobDetail = {
    ...detail,
    version: { ...detail.version, ...(drafted.pending as Partial<JobDetail['version']>) }
  };
  const settle = async (action: Action, body: ActionBody = {}): Promise<void> => {
    const member = desk.model.acting;
    await draft.flush();
    if (member !== desk.model.acting) {
      throw new Problem(
        'OTHER_MEMBER',
        trans.__('Another member acts in this browser now; nothing was done.'),
        trans.__('Choose the action again, as whom you mean.')
      );
    }
    const done = await perform(desk.model.connection, job, detail, action, body);
    if (done.detail !== null) {
      job.tell(done.detail);
    }
    if (done.run !== null) {
      place.ordered(done.run);
    } else if (action.name === 'test') {
      place.newest();
    }
    await desk.model.refresh();
  };
  const press = (action: Action): void => {
    invoker.current = document.activeElement;
    setRefused(null);
    const page = pagesOf[action.name];
    if (page !== undefined) {
      // What the server calls the result is that of the live version's newest job run, not of a test since.
      const run = 'output' in page ? detail.newest_run?.id : undefined;
      place.go(run === undefined ? page : { ...page, run });
    } else if (asksOf(action.name).size > 0) {
      // What was typed is saved first: what the form then shows is what the server has.
      const as = desk.model.acting;
      draft
        .flush()
        .then(() => {
          setAsking({ name: action.name, as });
        })
        .catch((reason: unknown) => {
          setRefused(asProblem(reason));
        });
    } else {
      settle(action).catch((reason: unknown) => {
        setRefused(asProblem(reason));
      });
    }
  };
  const close = (): void => {
    if (latest.current !== asking) {
      return; // the answer came late, and something else is asked by now
    }
    setAsking(null);
    if (invoker.current instanceof HTMLElement) {
      invoker.current.focus();
    }
  };
  const fold = (): void => {
    setStatusOpen(!statusOpen);
    if (statusOpen) {
      desk.memory.setItem('status-folded', 'yes');
    } else {
      desk.memory.removeItem('status-folded');
    }
  };

  const tabs = (
    <Tabs<Tab>
      label={trans.__('Parts of the job')}
      chosen={at.tab}
      choose={tab => {
        place.go({ tab });
      }}
      items={[
        {
          key: 'query',
          label: trans.__('Query'),
          content: (
            <QueryTab
              desk={desk}
              job={job}
              detail={shown}
              draft={draft}
              place={place}
              narrow={narrow}
              opened={opened}
            />
          )
        },
        {
          key: 'details',
          label: trans.__('Details'),
          content: (
            <DetailsTab
              desk={desk}
              job={job}
              detail={shown}
              draft={draft}
              place={place}
              perform={settle}
            />
          )
        },
        {
          key: 'history',
          label: trans.__('Run History'),
          content: <RunHistory desk={desk} job={job} detail={shown} place={place} />
        }
      ]}
    />
  );
  const status = (
    <StatusPanel id={statusId} desk={desk} detail={shown} open={statusOpen} fold={fold} />
  );
  return (
    <article
      ref={frame}
      className={`jp-SecureJobs-job${narrow ? ' jp-mod-narrow' : ''}`}
      aria-label={trans.__('Job %1', shown.name)}
    >
      <JobHeader
        desk={desk}
        detail={shown}
        stored={detail}
        draft={draft}
        place={place}
        connected={shared.connected}
        updatedAt={shared.updatedAt}
        press={press}
      />
      {problem !== null && <ProblemNotice problem={problem} retry={() => void job.refresh()} />}
      {refused !== null && <ProblemNotice problem={refused} />}
      {asked !== null && (
        <ActionSheet
          key={asked.name}
          connection={desk.model.connection}
          action={asked}
          job={shown}
          path={job.path}
          close={close}
          perform={body => settle(asked, body)}
        />
      )}
      {narrow ? (
        <div className="jp-SecureJobs-stack">
          {tabs}
          {status}
        </div>
      ) : (
        <Split
          name="status"
          memory={desk.memory}
          direction="horizontal"
          label={trans.__('Width of the job status')}
          panels={[
            { key: 'main', content: tabs, size: 74, least: 40 },
            ...(statusOpen ? [{ key: 'status', content: status, size: 26, least: 15 }] : [])
          ]}
          after={statusOpen ? undefined : status}
        />
      )}
    </article>
  );
}
