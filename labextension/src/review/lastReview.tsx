import { useEffect, useMemo, useState, type ReactElement } from 'react';

import type { JobDetail, LastReview } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { JobEditor } from '../editor/codeEditor';
import { lineComments } from '../editor/lineComments';
import type { JobModel } from '../job/model';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { CodePlace } from './code';
import { Opinions } from './opinions';
import { Remarks, remarksOf } from './remarks';

function OldText(props: {
  readonly desk: Desk;
  readonly detail: JobDetail;
  readonly review: LastReview;
  readonly place: CodePlace;
}): ReactElement {
  const { desk, detail, review, place } = props;
  const extensions = useMemo(
    () => [place.extension, lineComments(new Remarks(remarksOf(review.decisions)))],
    [place, review]
  );
  return (
    <JobEditor
      services={desk.editors}
      label={trans.__('The text that reviewers read')}
      language={detail.version.language}
      value={review.code}
      readOnly
      extensions={extensions}
    />
  );
}

/** What reviewers said when the version was submitted last, for whoever revises it; verified by this member side. */
export function LastReviewPanel(props: {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  /** Takes what was said beside lines where the text is still the one that they read. */
  readonly tell: (said: ReturnType<typeof remarksOf>) => void;
}): ReactElement | null {
  const { desk, job, detail, tell } = props;
  const wanted = detail.last_review.some(each => each.time !== null);
  const { value, problem, retry } = useLoaded<LastReview>(
    desk.model.connection,
    `member/${job.path}/last-review`,
    `${detail.version.number} ${detail.version.state}`,
    wanted
  );
  const [place] = useState(() => new CodePlace());
  const [old, setOld] = useState(false);
  const unchanged = value !== null && value.code === detail.version.code;
  useEffect(() => {
    tell(unchanged ? remarksOf(value.decisions) : []);
  }, [tell, unchanged, value]);
  if (!wanted) {
    return null;
  }
  return (
    <details className="jp-SecureJobs-lastreview" open>
      <summary>{trans.__('What reviewers said')}</summary>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {value !== null && (
        <>
          <Opinions
            approval={value.decisions}
            goTo={line => {
              setOld(true);
              place.goTo(line);
            }}
          />
          <p>
            {unchanged
              ? trans.__('The text is still the one that they read.')
              : trans.__('The text changed since they read it.')}{' '}
            <button
              type="button"
              className="jp-SecureJobs-link"
              aria-expanded={old}
              onClick={() => {
                setOld(!old);
              }}
            >
              {old
                ? trans.__('Hide the text that they read')
                : trans.__('Show the text that they read')}
            </button>
          </p>
          {old && <OldText desk={desk} detail={detail} review={value} place={place} />}
        </>
      )}
    </details>
  );
}
