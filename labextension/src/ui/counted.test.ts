import assert from 'node:assert/strict';
import { test } from 'node:test';

import { counted } from './counted.js';

void test('a count that the server did not finish says that there are more', () => {
  assert.equal(counted(0, 1000), '0');
  assert.equal(counted(1000, 1000), '1,000');
  assert.equal(counted(1001, 1000), '1,000+');
});
