import { useCallback, useEffect, useRef, useState } from 'react';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { Page, Run } from '../api/shapes';

const PAGE = 50;

/** Runs fetched so far, the newest first, and how to get more of them. */
export interface Pages {
  readonly runs: readonly Run[] | null;
  readonly more: (() => void) | null;
  readonly fetching: boolean;
  readonly problem: Problem | null;
  readonly retry: () => void;
}

interface Found {
  readonly path: string;
  readonly runs: readonly Run[];
  readonly next: string | null;
}

/** The fresh runs in front of those older ones that they do not reach; the cursor is that of the oldest one. */
function joined(fresh: Found, before: Found | null): Found {
  const known = new Set(fresh.runs.map(run => run.id));
  const oldest = fresh.runs.at(-1);
  const at = before?.runs.findIndex(run => run.id === oldest?.id) ?? -1;
  if (before === null || at < 0) {
    return fresh;
  }
  const older = before.runs.slice(at + 1).filter(run => !known.has(run.id));
  return {
    path: fresh.path,
    runs: [...fresh.runs, ...older],
    next: older.length > 0 ? before.next : fresh.next
  };
}

/** Fetches a list of runs page after page; whenever `revision` changes, anew as far as runs may have changed. */
export function usePages(connection: Connection, path: string, revision: string): Pages {
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [fetching, setFetching] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const shown = useRef<Found | null>(null);
  const fetched = useCallback(
    async (after: string | null, signal?: AbortSignal): Promise<Page<Run>> => {
      const cursor = after === null ? '' : `&after=${encodeURIComponent(after)}`;
      const options = signal === undefined ? {} : { signal };
      return connection.json<Page<Run>>(`${path}&limit=${PAGE}${cursor}`, options);
    },
    [connection, path]
  );
  useEffect(() => {
    shown.current = found;
  }, [found]);
  useEffect(() => {
    const stop = new AbortController();
    const renew = async (): Promise<void> => {
      const before = shown.current?.path === path ? shown.current : null;
      // A run that has ended changes no more: only as far as the oldest one on its way is asked again.
      const waiting = new Set(before?.runs.filter(run => run.active).map(run => run.id));
      const runs: Run[] = [];
      let next: string | null = null;
      do {
        const page = await fetched(next, stop.signal);
        runs.push(...page.items);
        page.items.forEach(run => waiting.delete(run.id));
        next = page.next;
      } while (next !== null && waiting.size > 0);
      setFound(joined({ path, runs, next }, before));
      setProblem(null);
    };
    renew().catch((reason: unknown) => {
      if (!stop.signal.aborted) {
        setProblem(asProblem(reason));
      }
    });
    return () => {
      stop.abort();
    };
  }, [fetched, path, revision, attempt]);
  const present = found?.path === path ? found : null;
  const next = present?.next ?? null;
  return {
    runs: present?.runs ?? null,
    fetching,
    problem,
    more:
      present === null || next === null
        ? null
        : () => {
            setFetching(true);
            fetched(next)
              .then(
                page => {
                  setFound({ ...present, runs: [...present.runs, ...page.items], next: page.next });
                },
                (reason: unknown) => {
                  setProblem(asProblem(reason));
                }
              )
              .finally(() => {
                setFetching(false);
              });
          },
    retry: () => {
      setAttempt(attempt + 1);
    }
  };
}
