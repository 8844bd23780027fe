import type { ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';

export type Approval = JobDetail['approval'][number];

/** What each reviewer decided so far, with what they said; lines lead to the code. */
export function Opinions(props: {
  readonly approval: readonly Approval[];
  readonly goTo: (line: number) => void;
}): ReactElement | null {
  const { approval, goTo } = props;
  return approval.length === 0 ? null : (
    <ul className="jp-SecureJobs-opinions" aria-label={trans.__('What reviewers said')}>
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
          {each.comment !== '' && <q dir="auto">{each.comment}</q>}
          {each.line_comments.length > 0 && (
            <ul aria-label={trans.__('Comments of %1 on lines', each.member)}>
              {each.line_comments.map((comment, at) => (
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
                  <q dir="auto">{comment.text}</q>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
