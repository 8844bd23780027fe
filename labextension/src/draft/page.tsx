import { useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { Job, JobDetail } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import { ProblemNotice } from '../ui/problemNotice';
import type { WorkspaceModel } from '../workspace/model';
import { changeOf, textsOf, type DraftTexts } from './change';
import { DraftFields } from './fields';

/** The form of one draft; what was typed stays until it is saved or the page is closed. */
function DraftForm(props: {
  readonly model: WorkspaceModel;
  readonly path: string;
  readonly draft: JobDetail;
}): ReactElement {
  const { model, path, draft } = props;
  const [before, setBefore] = useState<DraftTexts>(() => textsOf(draft));
  const [texts, setTexts] = useState(before);
  const [revision, setRevision] = useState(draft.revision);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [saved, setSaved] = useState(false);
  const save = async (): Promise<void> => {
    const answer = await model.connection.json<JobDetail>(path, {
      method: 'PATCH',
      revision,
      body: changeOf(before, texts)
    });
    setRevision(answer.revision);
    setBefore(texts);
    setSaved(true);
    await model.refresh();
  };
  return (
    <form
      aria-label={`Draft: ${draft.name}`}
      onSubmit={event => {
        event.preventDefault();
        setProblem(null);
        save().catch((reason: unknown) => {
          setProblem(asProblem(reason));
        });
      }}
    >
      <DraftFields
        texts={texts}
        change={changed => {
          setTexts({ ...texts, ...changed });
          setSaved(false);
        }}
      />
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          Save draft
        </button>
        <span role="status">{saved ? 'Saved.' : ''}</span>
      </div>
    </form>
  );
}

/** The author's draft: text and terms, saved against the revision that was read. */
export function DraftPage(props: {
  readonly model: WorkspaceModel;
  readonly job: Job;
  readonly path: string;
}): ReactElement {
  const { model, job, path } = props;
  const { value, problem, retry } = useLoaded<JobDetail>(model.connection, path);
  return (
    <article className="jp-SecureJobs-page" aria-label={`Draft of ${job.name}`}>
      <h2>{job.name}</h2>
      {problem !== null && <ProblemNotice problem={problem} retry={retry} />}
      {value !== null && <DraftForm model={model} path={path} draft={value} />}
    </article>
  );
}
