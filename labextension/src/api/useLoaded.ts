import { useEffect, useState } from 'react';

import type { Connection } from './connection';
import { asProblem, type Problem } from './problem';

/** What was fetched last, what went wrong last, and how to try again. */
export interface Loaded<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  readonly retry: () => void;
}

/**
 * Fetches `path`, and again whenever `revision` changes; an answer that came too late is dropped, and so is one that
 * belongs to another path. With `wanted` false nothing is fetched.
 */
export function useLoaded<T>(
  connection: Connection,
  path: string,
  revision = '',
  wanted = true
): Loaded<T> {
  const [found, setFound] = useState<{ readonly path: string; readonly value: T } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!wanted) {
      return undefined;
    }
    const stop = new AbortController();
    connection.json<T>(path, { signal: stop.signal }).then(
      answer => {
        if (!stop.signal.aborted) {
          setFound({ path, value: answer });
          setProblem(null);
        }
      },
      (reason: unknown) => {
        if (!stop.signal.aborted) {
          setProblem(asProblem(reason));
        }
      }
    );
    return () => {
      stop.abort();
    };
  }, [connection, path, revision, attempt, wanted]);
  return {
    value: wanted && found?.path === path ? found.value : null,
    problem: wanted ? problem : null,
    retry: () => {
      setAttempt(attempt + 1);
    }
  };
}
