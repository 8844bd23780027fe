import assert from 'node:assert/strict';
import { test } from 'node:test';

import { duration, rowCount, spansOf } from './measures.js';

void test('the count names what is shown and the true total', () => {
  assert.equal(rowCount(100, 12345), '100 of 12,345 rows');
  assert.equal(rowCount(1, 1), '1 of 1 row');
  assert.equal(rowCount(0, 0), '0 of 0 rows');
});

void test('a duration is read at a glance', () => {
  assert.equal(duration(420), '0.4 s');
  assert.equal(duration(41_800), '42 s');
  assert.equal(duration(65_000), '1:05 min');
  assert.equal(duration(3_600_000), '60:00 min');
});

void test('each step lasts until the next one that was reached, and the last until the end', () => {
  const steps = [
    { label: 'Queued', at: '2026-03-07T14:00:00Z' },
    { label: 'Keys', at: '2026-03-07T14:00:02Z' },
    { label: 'Running', at: null },
    { label: 'Sealing', at: '2026-03-07T14:01:02Z' }
  ];
  assert.deepEqual(spansOf(steps, '2026-03-07T14:01:03.500Z'), [
    { label: 'Queued', milliseconds: 2000 },
    { label: 'Keys', milliseconds: 60_000 },
    { label: 'Sealing', milliseconds: 1500 }
  ]);
  assert.deepEqual(spansOf(steps, null), []);
});
