import assert from 'node:assert/strict';
import { test } from 'node:test';

import { declare, jobCell, languageOf } from './declaration.js';

void test('a cell without a magic is Python', () => {
  assert.equal(languageOf('x = 1'), 'python');
});

void test('the language of a job cell is the one of its --lang option', () => {
  assert.equal(languageOf('%%securejob "Delays" --lang sql --test\nSELECT 1'), 'sql');
  assert.equal(languageOf('%%securejob "Delays" --lang=sql'), 'sql');
  assert.equal(languageOf('%%securejob "Delays" --lang python'), 'python');
  assert.equal(languageOf('%%sql\nSELECT 1'), 'sql');
});

void test('a dataset name is quoted, so that it cannot become code', () => {
  assert.equal(declare('flights', 'sql'), 'flights');
  assert.equal(declare('my flights', 'sql'), '`my flights`');
  assert.equal(declare('a`; DROP', 'sql'), '`a``; DROP`');
  assert.equal(declare('a")\nimport os', 'python'), 'spark.table("a\\")\\nimport os")');
});

void test('a new job cell reads the dataset it was given', () => {
  assert.match(jobCell('flights'), /^%%securejob "New job" --lang sql --test\n[^]*FROM flights$/);
});
