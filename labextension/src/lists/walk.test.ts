import assert from 'node:assert/strict';
import { test } from 'node:test';

import { walk } from './walk.js';

void test('keys walk inside the list and never out of it', () => {
  assert.equal(walk('ArrowDown', 0, 3), 1);
  assert.equal(walk('ArrowDown', 2, 3), 2);
  assert.equal(walk('ArrowUp', 0, 3), 0);
  assert.equal(walk('PageDown', 0, 30), 10);
  assert.equal(walk('End', 0, 30), 29);
  assert.equal(walk('Home', 7, 30), 0);
});

void test('other keys, and an empty list, lead nowhere', () => {
  assert.equal(walk('x', 0, 3), null);
  assert.equal(walk('ArrowDown', 0, 0), null);
});
