import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changeOf, type DraftTexts } from './change.js';

const BEFORE: DraftTexts = {
  name: 'Delays',
  description: '',
  language: 'sql',
  code: 'SELECT 1',
  logPolicy: 'standard',
  reruns: false,
  mostRuns: '',
  until: ''
};

void test('only what differs is sent', () => {
  assert.deepEqual(changeOf(BEFORE, BEFORE), {});
  assert.deepEqual(changeOf(BEFORE, { ...BEFORE, code: 'SELECT 2' }), { code: 'SELECT 2' });
});

void test('a grant ends with its last day', () => {
  assert.deepEqual(
    changeOf(BEFORE, { ...BEFORE, reruns: true, mostRuns: '5', until: '2026-12-31' }),
    {
      grant: { reruns: true, most_runs: 5, until: '2026-12-31T23:59:59Z' }
    }
  );
});

void test('a grant that is no longer asked for has no bounds', () => {
  const asked = { ...BEFORE, reruns: true, mostRuns: '5' };
  assert.deepEqual(changeOf(asked, { ...asked, reruns: false }), {
    grant: { reruns: false, most_runs: null, until: null }
  });
});
