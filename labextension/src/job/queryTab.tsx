import type { CodeEditor } from '@jupyterlab/codeeditor';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import type { DraftModel } from '../draft/model';
import { JobEditor } from '../editor/codeEditor';
import { completion, type Vocabulary } from '../editor/completion';
import { lineComments } from '../editor/lineComments';
import { chooseScript } from '../insert/template';
import { LastReviewPanel } from '../review/lastReview';
import { ReviewPage } from '../review/page';
import { Remarks, remarksOf } from '../review/remarks';
import { RunOutput } from '../runs/output';
import { Folded } from '../ui/folded';
import { ProblemNotice } from '../ui/problemNotice';
import { Split } from '../ui/split';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { JobModel } from './model';
import type { JobPlace } from './places';
import { QueryPanels } from './queryPanels';
import { UnreadDatasets } from './unread';
import { useWish } from './useWish';

interface QueryProps {
  readonly desk: Desk;
  readonly job: JobModel;
  readonly detail: JobDetail;
  readonly draft: DraftModel;
  readonly place: JobPlace;
  readonly narrow: boolean;
  readonly opened: (editor: CodeEditor.IEditor | null) => void;
}

/** Which text is shown, and what that means. */
function banner(detail: JobDetail, editable: boolean): string {
  const { version } = detail;
  const words = [trans.__('Version %1 · %2 · %3', version.number, version.state, version.language)];
  if (!editable) {
    words.push(trans.__('read only'));
  }
  if (detail.live_version !== null && detail.live_version !== version.number) {
    words.push(trans.__('version %1 is live', detail.live_version));
  }
  return words.join(' · ');
}

/** What can be completed: the datasets of the job's workspace and its own input variables. */
function vocabularyOf(desk: Desk, job: JobModel): Vocabulary {
  return {
    datasets: desk.model.datasetsOf(job.workspace),
    inputs: job.current.detail?.version.inputs ?? []
  };
}

function Code(props: QueryProps): ReactElement {
  const { desk, job, detail, draft, place, opened } = props;
  const { version } = detail;
  const editable = detail.actions.some(each => each.name === 'edit' && each.allowed);
  const editor = useRef<CodeEditor.IEditor | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [remarks] = useState(() => new Remarks([]));
  const [before, setBefore] = useState<ReturnType<typeof remarksOf>>([]);
  useEffect(() => {
    remarks.hear([...remarksOf(detail.approval), ...before]);
  }, [remarks, detail.approval, before]);
  const tell = useCallback((said: ReturnType<typeof remarksOf>) => {
    setBefore(said);
  }, []);
  const extensions = useMemo(
    () => [lineComments(remarks), completion(() => vocabularyOf(desk, job))],
    [desk, job, remarks]
  );
  useWish(place, 'editor', () => {
    editor.current?.focus();
  });
  useWish(place, 'line', line => {
    const position = { line: line - 1, column: 0 };
    editor.current?.setCursorPosition(position);
    editor.current?.revealPosition(position);
    editor.current?.focus();
  });
  useWish(place, 'scripts', () => {
    chooseScript(desk.model, job.place)
      .then(script => {
        if (script !== null) {
          draft.change(
            version.code.trim() === ''
              ? { code: script.code, language: script.language }
              : { code: `${version.code}\n\n${script.code}` }
          );
          editor.current?.focus();
        }
      })
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      });
  });
  return (
    <div className="jp-SecureJobs-codepart">
      <p className="jp-SecureJobs-banner">{banner(detail, editable)}</p>
      {problem !== null && <ProblemNotice problem={problem} />}
      {editable && <UnreadDatasets desk={desk} detail={detail} draft={draft} />}
      <LastReviewPanel desk={desk} job={job} detail={detail} tell={tell} />
      {detail.approval.some(each => each.line_comments.length > 0) && (
        <p className="jp-SecureJobs-astold">
          {trans.__(
            'Comments beside the lines are as the server tells them; the review verifies each decision.'
          )}
        </p>
      )}
      <JobEditor
        services={desk.editors}
        label={trans.__('Query of %1', detail.name)}
        language={version.language}
        value={version.code}
        readOnly={!editable}
        extensions={extensions}
        change={code => {
          draft.change({ code });
        }}
        opened={made => {
          editor.current = made;
          opened(editable ? made : null);
        }}
      />
    </div>
  );
}

/** The query with its panels beside it, and what the newest run gave below it. */
export function QueryTab(props: QueryProps): ReactElement {
  const { desk, job, detail, draft, place, narrow } = props;
  const at = useCurrent(place);
  const reviewing = detail.actions.some(each => ['accept', 'decline'].includes(each.name));
  const below = <RunOutput desk={desk} job={job} detail={detail} place={place} />;
  if (reviewing) {
    // A review wants the whole width; what the runs so far gave stands at its end.
    return (
      <div className="jp-SecureJobs-reviewing">
        <ReviewPage desk={desk} job={job} detail={detail} place={place} />
        <Folded
          summary={trans.__('Runs so far')}
          forced={at.run !== null || at.wish.what === 'output'}
        >
          {() => below}
        </Folded>
      </div>
    );
  }
  const above = <Code {...props} />;
  const panels = <QueryPanels desk={desk} detail={detail} draft={draft} place={place} />;
  if (narrow) {
    return (
      <div className="jp-SecureJobs-stack">
        {above}
        {below}
        {panels}
      </div>
    );
  }
  return (
    <Split
      name="panels"
      memory={desk.memory}
      direction="horizontal"
      label={trans.__('Width of the panels')}
      panels={[
        { key: 'panels', content: panels, size: 28, least: 12 },
        {
          key: 'query',
          size: 72,
          least: 30,
          content: (
            <Split
              name="output"
              memory={desk.memory}
              direction="vertical"
              label={trans.__('Height of the query')}
              panels={[
                { key: 'code', content: above, size: 55, least: 15 },
                { key: 'output', content: below, size: 45, least: 10 }
              ]}
            />
          )
        }
      ]}
    />
  );
}
