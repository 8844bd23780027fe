import assert from 'node:assert/strict';
import { test } from 'node:test';

import { differenceOf } from './difference.js';

function written(before: string, after: string): readonly string[] {
  return differenceOf(before, after).map(line => `${line.mark}${line.number} ${line.text}`);
}

void test('the same text has no marked line', () => {
  assert.deepEqual(written('a\nb', 'a\nb'), [' 1 a', ' 2 b']);
  assert.deepEqual(written('', ''), [' 1 ']);
});

void test('changed, added and removed lines stand with their own numbers', () => {
  assert.deepEqual(written('a\nb\nc', 'a\nx\nc'), [' 1 a', '−2 b', '+2 x', ' 3 c']);
  assert.deepEqual(written('a\nb', 'a\nb\nc'), [' 1 a', ' 2 b', '+3 c']);
  assert.deepEqual(written('a\nb\nc', 'b\nc'), ['−1 a', ' 1 b', ' 2 c']);
  assert.deepEqual(written('a\n', 'a'), [' 1 a', '−2 ']);
});
