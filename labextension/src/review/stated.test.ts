import assert from 'node:assert/strict';
import { test } from 'node:test';

import { stated, type Approval } from './stated.js';

function opinion(member: string, change: Partial<Approval> = {}): Approval {
  return {
    member,
    organisation: 'Hotel',
    decision: 'Accepted',
    comment: '',
    time: '2026-01-01T00:00:00Z',
    line_comments: [],
    erased: false,
    ...change
  };
}

void test('words that only the server tells are not taken over', () => {
  const invented = opinion('mia@hotel.example', {
    comment: 'Fine with me.',
    line_comments: [{ line: 1, text: 'Good.' }]
  });
  const made = stated([invented], []);
  assert.deepEqual(made, {
    verified: [],
    others: [{ member: 'mia@hotel.example', organisation: 'Hotel', said: 'Accepted' }]
  });
});

void test('what was verified stands, whatever the server tells, and also if it keeps silent', () => {
  const signed = opinion('wei@hotel.example', { decision: 'Declined', comment: 'No.' });
  assert.deepEqual(stated([opinion('wei@hotel.example')], [signed]).verified, [signed]);
  assert.deepEqual(stated([opinion('wei@hotel.example')], [signed]).others, []);
  assert.deepEqual(stated([], [signed]).verified, [signed]);
});

void test('who has not decided is claimed to have decided nothing', () => {
  const asked = opinion('mia@hotel.example', { time: null });
  assert.equal(stated([asked], []).others[0]?.said, null);
});
