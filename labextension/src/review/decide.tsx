import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { Hash } from '../actions/signed';
import { asProblem, Problem } from '../api/problem';
import type { Action, Decision, JobDetail, ReviewStatement } from '../api/shapes';
import type { Desk } from '../desk';
import { missing, type LineRange } from '../editor/ranges';
import type { JobModel } from '../job/model';
import { TextArea } from '../ui/fields';
import { PassphraseField } from '../ui/passphrase';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { isUnadded, type ReviewDrafts } from './drafts';
import { stated } from './stated';

const LONGEST_COMMENT = 1000;
const MOST_RANGES = 3;
/** Which decision each of these actions signs. */
const DECISIONS: Readonly<Record<string, Decision['decision']>> = {
  accept: 'accept',
  decline: 'decline'
};

/** Lines as people say them: 40–88, 90. */
function inWords(ranges: readonly LineRange[]): string {
  const words = ranges
    .slice(0, MOST_RANGES)
    .map(([first, last]) => (first === last ? String(first) : `${first}–${last}`));
  return ranges.length > MOST_RANGES ? `${words.join(', ')}, …` : words.join(', ');
}

function NotShown(props: {
  readonly id: string;
  readonly seen: readonly LineRange[];
  readonly lines: number;
  readonly goTo: (line: number) => void;
}): ReactElement {
  const { id, seen, lines, goTo } = props;
  const left = missing(seen, lines);
  const first = left[0];
  return (
    <span id={id} className="jp-SecureJobs-notshown">
      {first === undefined ? (
        trans.__('Every line was shown.')
      ) : (
        <button
          type="button"
          className="jp-SecureJobs-link"
          onClick={() => {
            goTo(first[0]);
          }}
        >
          {left.length === 1 && first[0] === first[1]
            ? trans.__('Line %1 not shown yet', first[0])
            : trans.__('Lines %1 not shown yet', inWords(left))}
        </button>
      )}
    </span>
  );
}

/** The lines that go along with the decision, each leading to its place. */
function LineList(props: {
  readonly drafts: ReviewDrafts;
  readonly goTo: (line: number) => void;
}): ReactElement | null {
  const { drafts, goTo } = props;
  const { lines } = useCurrent(drafts);
  return lines.length === 0 ? null : (
    <>
      <p>{trans.__('Comments on lines, sent with your decision:')}</p>
      <ul className="jp-SecureJobs-bullets" aria-label={trans.__('Your comments on lines')}>
        {lines.map((comment, at) => (
          <li key={at}>
            <button
              type="button"
              className="jp-SecureJobs-link"
              onClick={() => {
                goTo(comment.line);
              }}
            >
              {trans.__('Line %1', comment.line)}
            </button>{' '}
            <q dir="auto">{comment.text}</q>{' '}
            <button
              type="button"
              className="jp-SecureJobs-link"
              aria-label={trans.__('Remove the comment on line %1', comment.line)}
              onClick={() => {
                drafts.remove(comment);
              }}
            >
              {trans.__('Remove')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface DecideProps {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly review: ReviewStatement;
  readonly drafts: ReviewDrafts;
  readonly seen: readonly LineRange[];
  readonly goTo: (line: number) => void;
}

/**
 * The form of a decision. It shows what is signed, as the member side parsed it, asks for the passphrase each time, and
 * keeps what was typed when the server refuses.
 */
export function Decide(props: DecideProps): ReactElement {
  const { desk, job, detail, review, drafts, seen, goTo } = props;
  const { model } = desk;
  const id = useId();
  const { comment } = useCurrent(drafts);
  const [passphrase, setPassphrase] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [decided, setDecided] = useState(false);
  const told = useRef<HTMLParagraphElement>(null);
  const offered = detail.actions.flatMap(action => {
    const decision = DECISIONS[action.name];
    return decision === undefined ? [] : [{ action, decision }];
  });
  const open = offered.some(({ action }) => action.allowed);
  const { verified, others } = stated(detail.approval, review.decisions);
  const mine = verified.find(each => each.member === model.acting)?.decision ?? null;
  const claimed = others.find(each => each.member === model.acting)?.said ?? null;

  useEffect(() => {
    if (decided) {
      told.current?.focus();
    }
  }, [decided]);

  const decide = (action: Action, decision: Decision['decision'], page: Element | null): void => {
    if (busy !== null) {
      return;
    }
    if (isUnadded(drafts.current.form)) {
      setProblem(
        new Problem(
          'COMMENT_OPEN',
          trans.__('Your comment on a line was not added yet.'),
          trans.__('Add it or cancel it, then decide.')
        )
      );
      return;
    }
    setBusy(action.name);
    setProblem(null);
    const signed: Decision = {
      version_hash: review.version_hash,
      decision,
      comment,
      line_comments: drafts.current.lines.map(({ line, text }) => ({ line, text })),
      passphrase
    };
    // The address is this page's own: no answer of the server says where a passphrase goes.
    model.connection
      .json<JobDetail>(`member/${job.path}/decisions`, { method: 'POST', body: signed })
      .then(async answer => {
        drafts.clear();
        job.tell(answer);
        setDecided(true);
        await model.refresh();
        model.announce(
          trans.__(
            '%1: your decision was sent. %2',
            detail.name,
            job.current.detail?.status_text ?? ''
          )
        );
        // The last decision ends the review, and this form with it: the focus stays in the job's page.
        if (document.activeElement === document.body) {
          page?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
        }
      })
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      })
      .finally(() => {
        setPassphrase('');
        setBusy(null);
      });
  };

  return (
    <form
      className="jp-SecureJobs-form"
      aria-label={trans.__('Decide')}
      onSubmit={event => {
        event.preventDefault();
      }}
    >
      {(mine !== null || claimed !== null) && (
        <p ref={told} tabIndex={-1} className="jp-SecureJobs-decided">
          <strong>
            {mine === null
              ? trans.__('The server says that you decided “%1”; not verified here.', claimed ?? '')
              : trans.__('You decided: %1.', mine)}
          </strong>{' '}
          {trans.__('The job now: %1.', detail.status_text)}
        </p>
      )}
      {open && (
        <>
          <LineList drafts={drafts} goTo={goTo} />
          <TextArea
            label={trans.__('Comment')}
            about={trans.__('Required to decline; every member can read it.')}
            longest={LONGEST_COMMENT}
            value={comment}
            change={text => {
              drafts.say(text);
            }}
          />
          <div className="jp-SecureJobs-signed">
            <p>{trans.__('You sign for version %1, as this side verified it:', review.number)}</p>
            <p dir="auto">{review.sentence}</p>
            <p>
              {trans.__('Version hash')} <Hash value={review.version_hash} />
            </p>
          </div>
          <PassphraseField value={passphrase} change={setPassphrase} />
        </>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        {offered.map(({ action, decision }) => (
          <span key={action.name} className="jp-SecureJobs-decision">
            <button
              type="button"
              className={`jp-mod-styled jp-mod-${action.name}`}
              aria-disabled={!action.allowed || busy !== null}
              aria-describedby={
                action.allowed
                  ? decision === 'accept'
                    ? `${id}-shown`
                    : undefined
                  : `${id}-${action.name}`
              }
              title={action.reason ?? action.effect}
              onClick={event => {
                if (action.allowed) {
                  decide(action, decision, event.currentTarget.closest('article'));
                }
              }}
            >
              {busy === action.name ? trans.__('%1 …', action.label) : action.label}
            </button>
            {action.allowed && decision === 'accept' && (
              <NotShown
                id={`${id}-shown`}
                seen={seen}
                lines={review.code.split('\n').length}
                goTo={goTo}
              />
            )}
            {!action.allowed && (
              <span id={`${id}-${action.name}`} className="jp-SecureJobs-reason">
                {action.reason}
              </span>
            )}
          </span>
        ))}
      </div>
    </form>
  );
}
