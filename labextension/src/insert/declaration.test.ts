import assert from 'node:assert/strict';
import { test } from 'node:test';

import { jobCell, languageOf, scriptCell } from './declaration.js';

void test('a cell without a magic is Python', () => {
  assert.equal(languageOf('x = 1'), 'python');
  assert.equal(languageOf('# --lang sql'), 'python');
});

void test('the language of a job cell is the one of its --lang option', () => {
  assert.equal(languageOf('%%securejob "Delays" --lang sql --test\nSELECT 1'), 'sql');
  assert.equal(languageOf('%%securejob "Delays" --lang=sql'), 'sql');
  assert.equal(languageOf('%%securejob "Delays" --lang python'), 'python');
  assert.equal(languageOf('%%sql\nSELECT 1'), 'sql');
});

void test('the title of a script cannot end the name of the job', () => {
  assert.equal(
    scriptCell('A "new" \\ job', 'python', 'x'),
    '%%securejob "A new  job" --lang python --test\nx'
  );
});

void test('a new job cell reads the dataset it was given', () => {
  assert.equal(
    jobCell('flights'),
    '%%securejob "New job" --lang sql --test\nSELECT count(*) AS row_count\nFROM flights'
  );
});
