import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Run } from '../api/shapes.js';
import { extended, joined, type Found } from './pages.js';

const PATH = 'runs?kind=run';

function run(id: number, status: string): Run {
  // Only what the joining reads.
  return { id: String(id), status } as Run;
}

function found(runs: readonly Run[], next: string | null, path = PATH): Found {
  return { path, runs, next };
}

function told(pages: Found | null): string[] {
  return (pages?.runs ?? []).map(({ id, status }) => `${id} ${status}`);
}

void test('older runs that arrive late stand behind the newest states, and replace none', () => {
  const renewed = found([run(5, 'Queued'), run(4, 'Completed')], '4');
  const made = extended(renewed, PATH, '4', { items: [run(3, 'Completed')], next: null });
  assert.deepEqual(told(made), ['5 Queued', '4 Completed', '3 Completed']);
  assert.equal(made?.next, null);
});

void test('a page for another list, or behind another run, is dropped', () => {
  const page = { items: [run(3, 'Completed')], next: null };
  const other = found([run(9, 'Queued')], '9', 'runs?kind=test');
  assert.equal(extended(other, PATH, '9', page), other);
  const moved = found([run(3, 'Completed'), run(2, 'Completed')], '2');
  assert.equal(extended(moved, PATH, '4', page), moved);
  assert.equal(extended(null, PATH, '4', page), null);
});

void test('what was fetched anew keeps the older runs of its own list alone', () => {
  const fresh = found([run(5, 'Completed'), run(4, 'Completed')], '4');
  const before = [run(5, 'Running'), run(4, 'Completed'), run(3, 'Completed')];
  assert.deepEqual(told(joined(fresh, found(before, '3'))), [
    '5 Completed',
    '4 Completed',
    '3 Completed'
  ]);
  assert.equal(joined(fresh, found(before, '3')).next, '3');
  assert.equal(joined(fresh, found(before, '3', 'runs?kind=test')), fresh);
});
