import type { ReactElement } from 'react';

import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import type { Approval, Unverified } from './stated';

/** Stands beside decisions and comments that no signature was checked for on this side. */
export function AsTold(): ReactElement {
  return (
    <p className="jp-SecureJobs-astold">
      {trans.__('As the server tells it; the review verifies each decision.')}
    </p>
  );
}

function Lines(props: {
  readonly said: Approval;
  readonly goTo: ((line: number) => void) | null;
}): ReactElement | null {
  const { said, goTo } = props;
  return said.line_comments.length === 0 ? null : (
    <ul aria-label={trans.__('Comments of %1 on lines', said.member)}>
      {said.line_comments.map((comment, at) => (
        <li key={at}>
          {goTo === null ? (
            trans.__('Line %1:', comment.line)
          ) : (
            <button
              type="button"
              className="jp-SecureJobs-link"
              onClick={() => {
                goTo(comment.line);
              }}
            >
              {trans.__('Line %1', comment.line)}
            </button>
          )}{' '}
          <q dir="auto">{comment.text}</q>
        </li>
      ))}
    </ul>
  );
}

/** What each reviewer decided so far, with what they said; lines lead to the code where it is at hand. */
export function Opinions(props: {
  readonly label?: string;
  readonly approval: readonly Approval[];
  /** Members without a decision that this side verified. */
  readonly others?: readonly Unverified[];
  readonly goTo: ((line: number) => void) | null;
}): ReactElement | null {
  const { label, approval, others = [], goTo } = props;
  return approval.length + others.length === 0 ? null : (
    <ul className="jp-SecureJobs-opinions" aria-label={label ?? trans.__('What reviewers said')}>
      {approval.map(each => (
        <li key={each.member}>
          <strong>{each.decision}</strong> · <bdi>{each.member}</bdi> (
          <bdi>{each.organisation}</bdi>)
          {each.time !== null && (
            <>
              {' · '}
              <LocalTime at={each.time} />
            </>
          )}
          {each.erased && <em> {trans.__('The comment was erased.')}</em>}
          {each.comment !== '' && <q dir="auto">{each.comment}</q>}
          <Lines said={each} goTo={goTo} />
        </li>
      ))}
      {others.map(({ member, organisation, said }) => (
        <li key={member}>
          {said === null ? (
            <strong>{trans.__('Pending')}</strong>
          ) : (
            <em>{trans.__('The server says “%1”; not verified here', said)}</em>
          )}{' '}
          · <bdi>{member}</bdi> (<bdi>{organisation}</bdi>)
        </li>
      ))}
    </ul>
  );
}
