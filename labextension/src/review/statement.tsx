import {
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode
} from 'react';

import type { JobDetail, ReviewStatement } from '../api/shapes';
import type { Desk } from '../desk';
import { joined, type LineRange } from '../editor/ranges';
import type { JobModel } from '../job/model';
import { trans } from '../ui/translation';
import { CodePlace, ReviewCode } from './code';
import { Decide } from './decide';
import { ReviewDrafts } from './drafts';
import { FactTables } from './facts';
import { YourData } from './flow';
import { InputTable } from './inputTable';
import { LineForm, type Asked } from './lineForm';
import { Opinions } from './opinions';
import { Remarks, remarksOf } from './remarks';
import { stated } from './stated';
import { TryIt } from './tryIt';

/** The actions that end a reading. */
const DECIDING: ReadonlySet<string> = new Set(['accept', 'decline']);

interface Part {
  readonly key: string;
  readonly title: string;
  readonly content: ReactNode;
}

/** The parts of the review under their headings, with a small table of contents that stays in sight. */
function Parts(props: { readonly parts: readonly Part[] }): ReactElement {
  const { parts } = props;
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  return (
    <div ref={frame}>
      <nav className="jp-SecureJobs-contents" aria-label={trans.__('Parts of the review')}>
        <ol>
          {parts.map(({ key, title }) => (
            <li key={key}>
              <button
                type="button"
                className="jp-SecureJobs-link"
                onClick={() => {
                  const heading = frame.current?.querySelector<HTMLElement>(
                    `[data-part="${key}"] > h3`
                  );
                  heading?.focus({ preventScroll: true });
                  heading?.scrollIntoView({ block: 'start' });
                }}
              >
                {title}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      {parts.map(({ key, title, content }, at) => (
        <section
          key={key}
          className={`jp-SecureJobs-part jp-SecureJobs-${key}part`}
          data-part={key}
          aria-labelledby={`${id}-${key}`}
        >
          <h3 id={`${id}-${key}`} tabIndex={-1}>
            {at + 1}. {title}
          </h3>
          {content}
        </section>
      ))}
    </div>
  );
}

function Notes(props: {
  readonly review: ReviewStatement;
  readonly goTo: (line: number) => void;
}): ReactElement {
  const { review, goTo } = props;
  return (
    <>
      {review.notes.length === 0 ? (
        <p>{trans.__('Nothing stood out. That is no verdict either: read the code.')}</p>
      ) : (
        <>
          <p>{trans.__('Hints, not verdicts: what to look at before you decide.')}</p>
          <ul className="jp-SecureJobs-bullets">
            {review.notes.map(({ text, line }, at) => (
              <li key={at} dir="auto">
                {text}{' '}
                {line !== null && (
                  <button
                    type="button"
                    className="jp-SecureJobs-link"
                    onClick={() => {
                      goTo(line);
                    }}
                  >
                    {trans.__('Line %1', line)}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>{trans.__('Checked on your side')}</summary>
        <ul className="jp-SecureJobs-bullets">
          {review.checked.map((line, at) => (
            <li key={at}>{line}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** One submission as this member side verified it: read from the sentence down to the decision. */
export function Statement(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly review: ReviewStatement;
  /** The hash of the submission that was read before, whose comment is taken along. */
  readonly before: string | null;
  /** No decision is taken on it as it stands. */
  readonly closed: boolean;
}): ReactElement {
  const { desk, job, detail, review, before, closed } = props;
  const [asked, setAsked] = useState<Asked>({ count: 0, busy: false });
  const [seen, setSeen] = useState<readonly LineRange[]>([]);
  const [place] = useState(() => new CodePlace());
  const open = !closed && detail.actions.some(each => DECIDING.has(each.name) && each.allowed);

  const goTo = useCallback(
    (line: number) => {
      place.goTo(line);
    },
    [place]
  );
  const [drafts] = useState(
    () => new ReviewDrafts(desk.memory, desk.model.acting, review.version_hash, before)
  );
  const askAgain = useCallback((busy: boolean) => {
    setAsked(({ count }) => ({ count: count + 1, busy }));
  }, []);
  const ask = useCallback(
    (line: number) => {
      drafts.ask(line);
      askAgain(false);
    },
    [drafts, askAgain]
  );
  const remarks = useMemo(
    () =>
      new Remarks([], drafts, comment => {
        askAgain(!drafts.edit(comment));
      }),
    [drafts, askAgain]
  );
  // The server's word of another submission says nothing about this one.
  const { verified, others } = stated(
    detail.version.hash === review.version_hash ? detail.approval : [],
    review.decisions
  );
  const said = JSON.stringify(remarksOf(verified));
  useEffect(() => {
    remarks.hear(JSON.parse(said) as ReturnType<typeof remarksOf>);
  }, [remarks, said]);
  const take = useCallback((ranges: readonly LineRange[]) => {
    setSeen(known => {
      const next = ranges.reduce<readonly LineRange[]>(joined, known);
      return JSON.stringify(next) === JSON.stringify(known) ? known : next;
    });
  }, []);
  const compared = review.diff !== null;
  const lines = review.code.split('\n').length;
  const parts: readonly Part[] = [
    {
      key: 'changes',
      title: compared
        ? trans.__('What changed since version %1', review.previous_number ?? '')
        : trans.__('What is asked: nothing accepted before'),
      content: (
        <>
          <FactTables facts={review.facts} compared={compared} />
          <InputTable inputs={review.inputs} />
          <h4>{trans.__('Code')}</h4>
          <ReviewCode
            desk={desk}
            review={review}
            place={place}
            remarks={remarks}
            ask={open ? ask : null}
            seen={take}
          />
          {open && (
            <LineForm
              lines={lines}
              drafts={drafts}
              asked={asked}
              open={() => {
                ask(1);
              }}
              closed={goTo}
            />
          )}
        </>
      )
    },
    {
      key: 'data',
      title: trans.__('Your data'),
      content: <YourData review={review} goTo={goTo} />
    },
    {
      key: 'try',
      title: trans.__('Try it'),
      content: <TryIt desk={desk} job={job} detail={detail} review={review} />
    },
    {
      key: 'notes',
      title: trans.__('Notes (%1)', review.notes.length),
      content: <Notes review={review} goTo={goTo} />
    },
    {
      key: 'decide',
      title: trans.__('Decide'),
      content: closed ? (
        <p>{trans.__('Closed: the author resubmitted while you were reading.')}</p>
      ) : (
        <Decide
          desk={desk}
          job={job}
          detail={detail}
          review={review}
          drafts={drafts}
          seen={seen}
          goTo={goTo}
        />
      )
    }
  ];
  return (
    <>
      <p className="jp-SecureJobs-sentence" dir="auto" tabIndex={-1}>
        {review.sentence}
      </p>
      <Opinions approval={verified} others={others} goTo={goTo} />
      <Parts parts={parts} />
    </>
  );
}
