import type { Page, Run } from '../api/shapes.js';

/** Runs fetched so far, the newest first; `next` is the cursor for older ones. */
export interface Found {
  readonly path: string;
  readonly runs: readonly Run[];
  readonly next: string | null;
}

/** The fresh runs in front of those older ones that they do not reach; the cursor is that of the oldest one. */
export function joined(fresh: Found, before: Found | null): Found {
  const known = new Set(fresh.runs.map(run => run.id));
  const oldest = fresh.runs.at(-1);
  const at = before?.path === fresh.path ? before.runs.findIndex(run => run.id === oldest?.id) : -1;
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

/** The runs with a page of older ones behind them; a page that belongs elsewhere by now is dropped. */
export function extended(
  found: Found | null,
  path: string,
  asked: string,
  page: Page<Run>
): Found | null {
  return found?.path === path && found.next === asked
    ? { path, runs: [...found.runs, ...page.items], next: page.next }
    : found;
}
