import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asTsv, beginningOf, kindOf, SHOWN_IN_CELL } from './cells.js';

void test('a column is known by the type that its file names', () => {
  for (const type of ['int64', 'uint8', 'double', 'float', 'halffloat', 'decimal128(38, 2)']) {
    assert.equal(kindOf(type), 'number', type);
  }
  for (const type of ['date32[day]', 'timestamp[us]', 'timestamp[us, tz=UTC]']) {
    assert.equal(kindOf(type), 'time', type);
  }
  for (const type of ['string', 'large_string', 'bool', 'list<item: int64>', 'binary']) {
    assert.equal(kindOf(type), 'text', type);
  }
});

void test('a long cell and one of several lines are cut, a short one is not', () => {
  assert.equal(beginningOf('short'), null);
  assert.equal(beginningOf('x'.repeat(SHOWN_IN_CELL)), null);
  assert.equal(beginningOf('x'.repeat(SHOWN_IN_CELL + 1)), 'x'.repeat(SHOWN_IN_CELL));
  assert.equal(beginningOf('two\nlines'), 'two lines');
});

void test('what is copied keeps its cells apart, its digits as they are, and runs in no spreadsheet', () => {
  const copied = asTsv(
    ['n', 'text'],
    ['int64', 'string'],
    [
      ['-9007199254740993', '=1+1'],
      [null, 'a\tb "c"'],
      ['2', '@SUM(A1)']
    ]
  );
  assert.equal(copied, 'n\ttext\n-9007199254740993\t\'=1+1\n\t"a\tb ""c"""\n2\t\'@SUM(A1)\n');
});
