import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST_VIEW, narrowing, remembered, viewOf } from './view.js';

void test('a view that was kept comes back as it was', () => {
  const view = {
    group: 'mine',
    statuses: ['Draft', 'Under Review'],
    text: 'a & b',
    sorting: { by: 'name', order: 'asc' }
  } as const;
  assert.deepEqual(viewOf(remembered(view)), view);
});

void test('nothing kept, or nonsense, is the first view', () => {
  for (const kept of [null, '', '{', '7', 'null', '{"statuses": 3, "order": "up", "by": []}']) {
    assert.deepEqual(viewOf(kept), FIRST_VIEW);
  }
});

void test('what is searched for cannot add to the query', () => {
  const view = { ...FIRST_VIEW, statuses: ['Draft'], text: 'x&filter=all#' };
  assert.equal(narrowing(view), 'status=Draft&q=x%26filter%3Dall%23');
});
