import { useEffect, useRef, useState, type ReactElement } from 'react';

import type { JobDetail, Page, Run } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import type { JobModel } from '../job/model';
import type { JobPlace, Output } from '../job/places';
import { useWish } from '../job/useWish';
import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import { StatusChip } from '../ui/statusChip';
import { Tabs, type TabItem } from '../ui/tabs';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { Failure, Spent } from './ended';
import { duration } from './measures';
import { LogPart, ResultPart } from './parts';
import { Progress } from './progress';
import { ReceiptPart } from './receipt';
import { RunText } from './runText';

interface OutputProps {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly place: JobPlace;
}

/** Whether the query stands in an editor now rather than in a review. */
function inEditor(detail: JobDetail): boolean {
  return !detail.actions.some(each => ['accept', 'decline'].includes(each.name));
}

function RunFailure(props: OutputProps & { readonly run: Run }): ReactElement {
  const { desk, detail, place, run } = props;
  const [shown, setShown] = useState(false);
  const { code, error_line: line } = run;
  const present = detail.version.code;
  const there = inEditor(detail) && code === present;
  const go =
    line === null || code === null
      ? null
      : {
          label: there
            ? trans.__('Go to line %1', line)
            : trans.__('Show line %1 of the text that ran', line),
          press: () => {
            if (there) {
              place.go({ tab: 'query', wish: 'line', line });
            } else {
              setShown(true);
            }
          }
        };
  return (
    <>
      <Failure
        run={run}
        line={line === null ? null : (code?.split('\n')[line - 1] ?? null)}
        go={go}
        told={sentence => {
          desk.model.announce(sentence);
        }}
      />
      {shown && code !== null && (
        <RunText
          run={run}
          code={code}
          present={present}
          line={line}
          close={() => {
            setShown(false);
          }}
        />
      )}
    </>
  );
}

function Heading(props: OutputProps & { readonly run: Run }): ReactElement {
  const { detail, place, run } = props;
  const inputs = Object.entries(run.inputs).map(([name, value]) => `${name} = ${String(value)}`);
  const times = [
    run.queued_ms === null ? '' : trans.__('queued for %1', duration(run.queued_ms)),
    run.run_ms === null ? '' : trans.__('ran for %1', duration(run.run_ms))
  ].filter(time => time !== '');
  return (
    <div className="jp-SecureJobs-banner jp-SecureJobs-runline">
      <strong>{trans.__('%1 run %2', run.kind, run.number)}</strong>
      <StatusChip status={run.status} text={run.status} />
      <LocalTime at={run.created} />
      <bdi>{run.member}</bdi>
      {run.code !== null && run.code !== detail.version.code && (
        <strong>{trans.__('of another text than this')}</strong>
      )}
      {run.version !== detail.version.number && <span>{trans.__('version %1', run.version)}</span>}
      {times.length > 0 && <span>{times.join(', ')}</span>}
      {inputs.length > 0 && <span dir="auto">{inputs.join(', ')}</span>}
      <AssuranceChip />
      {place.current.run !== null && (
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
    </div>
  );
}

/** A job run's outcome stays sealed until somebody asks for it: each opening is an event of the audit log. */
function Sealed(props: { readonly what: string; readonly open: () => void }): ReactElement {
  const { what, open } = props;
  return (
    <p>
      {trans.__('It is sealed for your organisation; opening it is recorded in the audit log.')}{' '}
      <button type="button" className="jp-SecureJobs-action" onClick={open}>
        {what}
      </button>
    </p>
  );
}

function Outcome(props: OutputProps & { readonly run: Run }): ReactElement {
  const { desk, job, detail, place, run } = props;
  const at = useCurrent(place);
  // Who chose this run, or ordered it here, or waited for its end, wants to see what it gave.
  const [seen] = useState(run.active);
  const awaited = (seen || at.ordered === run.id) && run.member === desk.model.acting;
  const [asked, setAsked] = useState(false);
  const sealed = run.kind === 'job' && run.can_open && !(asked || awaited || at.run === run.id);
  const open = (): void => {
    setAsked(true);
  };
  const path = `member/${job.place}/runs/${encodeURIComponent(run.id)}`;
  const part = { desk, run, path, organisation: detail.organisation };
  const items: TabItem<Output>[] = [
    {
      key: 'results',
      label: trans.__('Results'),
      content:
        sealed && run.has_result ? (
          <Sealed what={trans.__('Open the result')} open={open} />
        ) : (
          <ResultPart {...part} />
        )
    },
    {
      key: 'logs',
      label: trans.__('Logs'),
      content:
        sealed && run.has_log ? (
          <Sealed what={trans.__('Open the log')} open={open} />
        ) : (
          <LogPart {...part} />
        )
    }
  ];
  if (run.kind === 'job') {
    items.push({
      key: 'receipt',
      label: trans.__('Receipt'),
      content: <ReceiptPart {...part} />
    });
  }
  const chosen = items.some(item => item.key === at.output) ? at.output : 'results';
  return (
    <>
      <Heading {...props} />
      {run.active && <Progress desk={desk} run={run} place={job.place} />}
      {run.error_class !== null && run.error_class !== run.status && <RunFailure {...props} />}
      <Tabs<Output>
        label={trans.__('What the run gave')}
        chosen={chosen}
        choose={output => {
          place.go({ output });
        }}
        items={items}
      />
      {!run.active && <Spent run={run} />}
    </>
  );
}

/** Tells those who cannot see it when the run that is shown comes to its next status. */
function useTold(desk: Desk, run: Run | null): void {
  const last = useRef<Run | null>(null);
  useEffect(() => {
    const before = last.current;
    last.current = run;
    if (run !== null && before?.id === run.id && before.status !== run.status) {
      desk.model.announce(trans.__('%1 run %2: %3', run.kind, run.number, run.status));
    }
  }, [desk, run]);
}

/** The results and logs of one run below the query: the chosen one, else the newest. */
export function RunOutput(props: OutputProps): ReactElement {
  const { desk, job, detail, place } = props;
  const at = useCurrent(place);
  const { moved } = useCurrent(desk.model);
  const frame = useRef<HTMLDivElement>(null);
  const { connection } = desk.model;
  const newest = useLoaded<Page<Run>>(
    connection,
    `${job.path}/runs?limit=1`,
    String(moved),
    at.run === null
  );
  const listed = at.run === null ? (newest.value?.items[0] ?? null) : null;
  const id = at.run ?? listed?.id ?? null;
  // A run of its own brings the text that ran along, which a list leaves out.
  const whole = useLoaded<Run>(
    connection,
    `${job.place}/runs/${encodeURIComponent(id ?? '')}`,
    `${moved} ${detail.revision}`,
    id !== null
  );
  const run = whole.value ?? listed;
  const asked = at.run === null ? newest : whole;
  useTold(desk, run);
  useWish(place, 'output', () => {
    frame.current?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
  });
  useEffect(() => {
    if (at.run !== null) {
      frame.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [at.run]);
  return (
    <div ref={frame} className="jp-SecureJobs-output">
      {run !== null ? (
        <Outcome key={run.id} {...props} run={run} />
      ) : asked.problem !== null ? (
        <ProblemNotice problem={asked.problem} retry={asked.retry} />
      ) : at.run === null && newest.value !== null ? (
        <p>{trans.__('No runs yet. Test the job on synthetic data to see what it gives.')}</p>
      ) : (
        <p role="status">{trans.__('Fetching the run…')}</p>
      )}
    </div>
  );
}
