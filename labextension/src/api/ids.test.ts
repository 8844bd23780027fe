import assert from 'node:assert/strict';
import { test } from 'node:test';

import { idOf, staysBelow } from './ids.js';

void test('an id is letters, digits and marks between them', () => {
  assert.equal(idOf('0f3c-9a_B'), '0f3c-9a_B');
  for (const no of [
    '',
    '.',
    '..',
    'a/b',
    'a%2Fb',
    '-a',
    'a-',
    'a b',
    'ä',
    'a'.repeat(129),
    7,
    null
  ]) {
    assert.equal(idOf(no), null, String(no));
  }
});

void test('a path that steps up, or to another root, is none', () => {
  for (const yes of ['member/status', 'workspaces/w/jobs?text=..%2F&limit=5', 'events?after=0']) {
    assert.ok(staysBelow(yes), yes);
  }
  for (const no of [
    '../../../api/contents/x.py',
    'workspaces/../../api/kernels',
    'workspaces/%2e%2E/x',
    'workspaces/./x',
    '/member/unlock',
    '//elsewhere.example/x',
    'workspaces//x',
    'workspaces\\..\\x',
    ''
  ]) {
    assert.ok(!staysBelow(no), no);
  }
});
