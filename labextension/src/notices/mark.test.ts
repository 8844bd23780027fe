import assert from 'node:assert/strict';
import { test } from 'node:test';

import { after, fresh } from './mark.js';

const NOTICES = [{ id: '10' }, { id: '9' }, { id: '2' }];

void test('only what came after the mark is new, by number and not by letters', () => {
  assert.deepEqual(fresh(NOTICES, '9'), [{ id: '10' }]);
  assert.deepEqual(fresh(NOTICES, null), NOTICES);
  assert.deepEqual(fresh(NOTICES, 'nonsense'), NOTICES);
});

void test('the mark follows the newest notice and never goes back', () => {
  assert.equal(after(NOTICES, null), '10');
  assert.equal(after(NOTICES, '11'), '11');
  assert.equal(after([], '11'), '11');
});
