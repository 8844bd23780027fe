import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asksOf, callOf, isKnown, orderedBy } from './calls.js';

const JOB = { place: 'workspaces/w1', path: 'workspaces/w1/jobs/j1' };

void test('what is signed goes to the member side, by the action’s name alone', () => {
  assert.deepEqual(callOf('withdraw', JOB, null), {
    method: 'POST',
    path: 'member/workspaces/w1/jobs/j1/revocations',
    body: { scope: 'all' }
  });
  assert.deepEqual(callOf('archive', JOB, null), {
    method: 'POST',
    path: 'workspaces/w1/jobs/j1/archive',
    body: {}
  });
});

void test('a run’s id of the server’s making leads nowhere else', () => {
  assert.equal(callOf('export_results', JOB, { id: '../../../api/contents' }), null);
  assert.equal(callOf('export_results', JOB, null), null);
  assert.equal(
    callOf('export_results', JOB, { id: 'r1' })?.path,
    'member/workspaces/w1/runs/r1/result.csv'
  );
});

void test('an action that the page does not know is no call and asks for nothing', () => {
  for (const name of ['accept', 'unlock', 'toString', '__proto__', 'constructor']) {
    assert.equal(isKnown(name), false, name);
    assert.equal(callOf(name, JOB, { id: 'r1' }), null, name);
    assert.equal(asksOf(name).size, 0, name);
  }
});

void test('only the member’s own side says which run was ordered', () => {
  const run = { id: 'r1', has_result: true };
  assert.equal(orderedBy('run', run), 'r1');
  for (const name of ['test', 'archive', 'activate', 'toString']) {
    assert.equal(orderedBy(name, run), null, name);
  }
  assert.equal(orderedBy('run', { id: '../r1', has_result: true }), null);
  assert.equal(orderedBy('run', { id: 'j1' }), null);
  assert.equal(orderedBy('run', null), null);
});
