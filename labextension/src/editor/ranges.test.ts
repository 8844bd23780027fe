import assert from 'node:assert/strict';
import { test } from 'node:test';

import { joined, missing, type LineRange } from './ranges.js';

void test('ranges that touch or overlap become one', () => {
  assert.deepEqual(joined([], [3, 5]), [[3, 5]]);
  assert.deepEqual(joined([[3, 5]], [6, 8]), [[3, 8]]);
  assert.deepEqual(joined([[3, 5]], [1, 4]), [[1, 5]]);
  assert.deepEqual(joined([[1, 2], [8, 9]], [4, 6]), [[1, 2], [4, 6], [8, 9]]); // prettier-ignore
  assert.deepEqual(joined([[1, 2], [4, 5], [9, 9]], [3, 8]), [[1, 9]]); // prettier-ignore
  assert.deepEqual(joined([[2, 3]], [7, 7]), [[2, 3], [7, 7]]); // prettier-ignore
});

void test('what was not shown is named, to the last line', () => {
  assert.deepEqual(missing([], 4), [[1, 4]]);
  assert.deepEqual(missing([[1, 4]], 4), []);
  assert.deepEqual(missing([[2, 3], [6, 8]], 9), [[1, 1], [4, 5], [9, 9]]); // prettier-ignore
});

void test('whatever the order, shown and missing lines make up the whole', () => {
  const given: LineRange[] = [[5, 9], [1, 1], [20, 30], [8, 12], [3, 3], [2, 2]]; // prettier-ignore
  const shown = given.reduce<readonly LineRange[]>((ranges, more) => joined(ranges, more), []);
  const lines = [...shown, ...missing(shown, 40)]
    .sort((one, other) => one[0] - other[0])
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at));
  assert.deepEqual(lines, Array.from({ length: 40 }, (_, at) => at + 1)); // prettier-ignore
});
