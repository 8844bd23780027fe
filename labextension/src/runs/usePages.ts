import { useCallback, useEffect, useRef, useState } from 'react';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { Page, Run } from '../api/shapes';
import { extended, joined, type Found } from './pages';

const PAGE = 50;

/** Runs fetched so far, the newest first, and how to get more of them. */
export interface Pages {
  readonly runs: readonly Run[] | null;
  readonly more: (() => void) | null;
  readonly fetching: boolean;
  readonly problem: Problem | null;
  readonly retry: () => void;
}

/** Fetches a list of runs page after page; whenever `revision` changes, anew as far as runs may have changed. */
export function usePages(connection: Connection, path: string, revision: string): Pages {
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [fetching, setFetching] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const shown = useRef<Found | null>(null);
  const newest = useRef(revision);
  const older = useRef<AbortController | null>(null);
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
    newest.current = revision;
  }, [found, revision]);
  useEffect(
    () => () => {
      // Another list, or none: what is on its way belongs to the one before.
      older.current?.abort();
      older.current = null;
      setFetching(false);
    },
    [fetched]
  );
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
      const fresh = { path, runs, next };
      // Older runs may have arrived meanwhile; after a change of the list this answer is nobody's.
      if (!stop.signal.aborted) {
        setFound(known => joined(fresh, known));
        setProblem(null);
      }
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
  const fetchOlder = async (after: string, signal: AbortSignal): Promise<void> => {
    let page: Page<Run>;
    let asked: string;
    do {
      // Something moved while the page was on its way: it may tell of old states, and is asked for again.
      asked = newest.current;
      page = await fetched(after, signal);
    } while (asked !== newest.current && !signal.aborted);
    if (!signal.aborted) {
      setFound(known => extended(known, path, after, page));
      setProblem(null);
    }
  };
  const more = (after: string): void => {
    if (older.current !== null) {
      return;
    }
    const stop = new AbortController();
    older.current = stop;
    setFetching(true);
    fetchOlder(after, stop.signal)
      .catch((reason: unknown) => {
        if (!stop.signal.aborted) {
          setProblem(asProblem(reason));
        }
      })
      .finally(() => {
        if (older.current === stop) {
          older.current = null;
          setFetching(false);
        }
      });
  };
  return {
    runs: present?.runs ?? null,
    fetching,
    problem,
    more:
      next === null
        ? null
        : () => {
            more(next);
          },
    retry: () => {
      setAttempt(attempt + 1);
    }
  };
}
