import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { ComputeProfile, JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import { TextField } from '../ui/fields';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import type { DraftModel } from './model';

const LONGEST_NAME = 50;

type Version = JobDetail['version'];
type Content = Pick<Version, 'compute' | 'limits'>;

function NameForm(props: {
  readonly save: (name: string) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { save, close } = props;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    form.current?.querySelector('input')?.focus();
  }, []);
  return (
    <form
      ref={form}
      className="jp-SecureJobs-form"
      aria-labelledby={id}
      onSubmit={event => {
        event.preventDefault();
        setProblem(null);
        save(name)
          .then(close)
          .catch((reason: unknown) => {
            setProblem(asProblem(reason));
          });
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <h4 id={id}>{trans.__('Save as a profile')}</h4>
      <TextField
        label={trans.__('Name of the profile')}
        longest={LONGEST_NAME}
        about={trans.__('Every member of the workspace can choose it then.')}
        value={name}
        change={setName}
      />
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          {trans.__('Save profile')}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          {trans.__('Close')}
        </button>
      </div>
    </form>
  );
}

/** Keeps what the draft has as a profile for everybody; changes or deletes the chosen one, for who may. */
export function ProfileKeeping(props: {
  readonly desk: Desk;
  readonly place: string;
  readonly version: Version;
  readonly chosen: ComputeProfile | null;
  /** Whether the draft differs from the chosen profile. */
  readonly changed: boolean;
  readonly draft: Pick<DraftModel, 'change' | 'flush'>;
  readonly kept: () => void;
}): ReactElement {
  const { desk, place, version, chosen, changed, draft, kept } = props;
  const opener = useRef<HTMLButtonElement>(null);
  const [naming, setNaming] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const content: Content = { compute: version.compute, limits: version.limits };
  const { connection } = desk.model;
  const path = `${place}/compute-profiles`;
  const done = (sentence: string): void => {
    desk.model.announce(sentence);
    kept();
  };
  const create = async (name: string): Promise<void> => {
    const made = await connection.json<ComputeProfile>(path, {
      method: 'POST',
      body: { name, ...content }
    });
    draft.change({ profile: made.name, compute: made.compute, limits: made.limits });
    done(trans.__('Saved the profile %1.', made.name));
  };
  const attempt = (act: () => Promise<void>): void => {
    setProblem(null);
    act().catch((reason: unknown) => {
      setProblem(asProblem(reason));
    });
  };
  const close = (): void => {
    setNaming(false);
    opener.current?.focus();
  };
  return (
    <>
      <div className="jp-SecureJobs-buttons">
        <button
          ref={opener}
          type="button"
          className="jp-SecureJobs-action"
          aria-expanded={naming}
          onClick={() => {
            setNaming(!naming);
          }}
        >
          {trans.__('Save as a profile…')}
        </button>
        {chosen?.can_change === true && changed && (
          <button
            type="button"
            className="jp-SecureJobs-action"
            onClick={() => {
              attempt(async () => {
                const made = await connection.json<ComputeProfile>(
                  `${path}/${encodeURIComponent(chosen.id)}`,
                  { method: 'PATCH', body: content, revision: chosen.revision }
                );
                draft.change({ profile: made.name, compute: made.compute, limits: made.limits });
                done(trans.__('Changed the profile %1.', made.name));
              });
            }}
          >
            {trans.__('Change the profile %1 to this', chosen.name)}
          </button>
        )}
        {chosen?.can_change === true && !changed && (
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              attempt(async () => {
                await connection.json(`${path}/${encodeURIComponent(chosen.id)}`, {
                  method: 'DELETE'
                });
                done(trans.__('Deleted the profile %1. This draft keeps its copy.', chosen.name));
              });
            }}
          >
            {trans.__('Delete the profile %1', chosen.name)}
          </button>
        )}
      </div>
      {chosen !== null && changed && chosen.reason !== null && (
        <small className="jp-SecureJobs-reason" dir="auto">
          {chosen.reason}
        </small>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      {naming && <NameForm save={create} close={close} />}
    </>
  );
}
