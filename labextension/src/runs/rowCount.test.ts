import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowCount } from './rowCount.js';

void test('the count names what is shown and the true total', () => {
  assert.equal(rowCount(100, 12345), '100 of 12,345 rows');
  assert.equal(rowCount(1, 1), '1 of 1 row');
  assert.equal(rowCount(0, 0), '0 of 0 rows');
});
