import assert from 'node:assert/strict';
import { test } from 'node:test';

import { heard } from './heard.js';

void test('who has heard of a stop is said by name', () => {
  assert.equal(heard({ heard_by: [], waiting_for: ['Airline'] }), 'heard by none yet');
  assert.equal(heard({ heard_by: ['Airline'], waiting_for: [] }), 'heard by Airline');
  assert.equal(
    heard({ heard_by: ['Airline', 'Registry'], waiting_for: ['Weather Service'] }),
    'heard by Airline, Registry; not yet by Weather Service'
  );
});
