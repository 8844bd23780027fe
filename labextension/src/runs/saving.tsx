import { useState, type ReactElement } from 'react';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { download } from './download';

/** A file that can be saved: its button's words, where it is, and how its name ends if the address does not say. */
export interface Saving {
  readonly label: string;
  readonly path: string;
  readonly extension?: string;
}

/** Buttons that save files; one that is fetched says so, and what went wrong stands beside them. */
export function SaveButtons(props: {
  readonly connection: Connection;
  readonly name: string;
  readonly files: readonly Saving[];
  readonly told: (sentence: string) => void;
}): ReactElement {
  const { connection, name, files, told } = props;
  const [fetching, setFetching] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = (file: Saving): void => {
    if (fetching !== null) {
      return;
    }
    setFetching(file.label);
    setProblem(null);
    download(connection, file.path, name, file.extension)
      .then(
        () => {
          told(trans.__('%1: saved.', file.label));
        },
        (reason: unknown) => {
          setProblem(asProblem(reason));
        }
      )
      .finally(() => {
        setFetching(null);
      });
  };
  return (
    <>
      {files.map(file => (
        <button
          key={file.label}
          type="button"
          className="jp-SecureJobs-action"
          aria-disabled={fetching !== null}
          onClick={() => {
            save(file);
          }}
        >
          {fetching === file.label ? trans.__('Fetching…') : file.label}
        </button>
      ))}
      {problem !== null && <ProblemNotice problem={problem} />}
    </>
  );
}
