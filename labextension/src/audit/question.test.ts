import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EVERYTHING, queryOf } from './question.js';

void test('nothing asked is no query', () => {
  assert.equal(queryOf(EVERYTHING), '');
});

void test('the last day counts whole, and days are those of this place', () => {
  const query = new URLSearchParams(
    queryOf({ ...EVERYTHING, since: '2026-03-07', until: '2026-03-07' })
  );
  const since = new Date(query.get('since') ?? '');
  const until = new Date(query.get('until') ?? '');
  assert.equal(since.getTime(), new Date(2026, 2, 7).getTime());
  assert.equal(until.getTime(), new Date(2026, 2, 8).getTime() - 1);
});

void test('what is typed stays one value', () => {
  const query = queryOf({ ...EVERYTHING, kinds: ['ordered', 'accepted'], job: ' a&member=b ' });
  assert.equal(query, 'kind=ordered%2Caccepted&job=a%26member%3Db');
});
