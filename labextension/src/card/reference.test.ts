import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CARD_TYPE, referenceIn, referenceOf } from './reference.js';

const WORKSPACE = '019a1b2c-7d3e-7f00-8000-0123456789ab';
const GOOD = { workspace: WORKSPACE, job: 'j1', member: 'ana@airline.example' };

void test('a reference names a job, perhaps a run, and who looked', () => {
  assert.deepEqual(referenceOf(GOOD), { ...GOOD, run: null });
  assert.deepEqual(referenceOf({ ...GOOD, run: 'r-1' }), { ...GOOD, run: 'r-1' });
});

void test('what could leave its place in an address is no reference', () => {
  const tricks = [
    '..',
    '.',
    '../../member/unlock',
    '%2e%2e',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'https://elsewhere.example',
    '//elsewhere.example',
    ' a',
    'a\n',
    '-a',
    '',
    'a'.repeat(129)
  ];
  for (const trick of tricks) {
    assert.equal(referenceOf({ ...GOOD, workspace: trick }), null, `workspace ${trick}`);
    assert.equal(referenceOf({ ...GOOD, job: trick }), null, `job ${trick}`);
    assert.equal(referenceOf({ ...GOOD, run: trick }), null, `run ${trick}`);
  }
});

void test('what is no text is no reference', () => {
  for (const value of [
    null,
    undefined,
    1,
    'job',
    [],
    {},
    { ...GOOD, job: ['j1'] },
    { job: 'j1' }
  ]) {
    assert.equal(referenceOf(value), null);
  }
  assert.equal(referenceOf({ ...GOOD, run: null }), null);
});

void test('who looked is shown as it is written, or not at all', () => {
  assert.equal(
    referenceOf({ ...GOOD, member: 'ana\u202Emoc.live@' })?.member,
    'ana\uFFFDmoc.live@'
  );
  assert.equal(referenceOf({ ...GOOD, member: 'a'.repeat(255) })?.member, null);
  assert.equal(referenceOf({ ...GOOD, member: 7 })?.member, null);
});

void test('the first reference of a cell is found among other outputs', () => {
  const outputs = [
    { output_type: 'stream', text: 'x' },
    null,
    { output_type: 'display_data', data: { 'text/plain': 'x' } },
    { output_type: 'display_data', data: { [CARD_TYPE]: { ...GOOD, job: '../j' } } },
    { output_type: 'display_data', data: { [CARD_TYPE]: GOOD } }
  ];
  assert.equal(referenceIn({ outputs })?.job, 'j1');
  assert.equal(referenceIn({ outputs: [] }), null);
  assert.equal(referenceIn({ source: 'text' }), null);
  assert.equal(referenceIn(null), null);
});
