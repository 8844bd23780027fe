import assert from 'node:assert/strict';
import { test } from 'node:test';

import { namesIn, numberIn, shown } from './typed.js';

function written(value: number | null): string {
  return value === null ? '' : String(value);
}

void test('a field follows the draft when it changes elsewhere', () => {
  assert.equal(shown({ text: '12', at: 12 }, 12, written), '12');
  assert.equal(shown({ text: '12', at: 12 }, 5, written), '5');
  assert.equal(shown(null, 5, written), '5');
});

void test('a text that means nothing waits for as long as the draft stands still', () => {
  assert.equal(shown({ text: '1o', at: 5 }, 5, written), '1o');
  assert.equal(shown({ text: '1o', at: 5 }, 6, written), '6');
});

void test('names are shown as they were typed while they mean the same', () => {
  const typed = { text: 'a,b, ', at: namesIn('a,b, ') };
  assert.equal(
    shown(typed, ['a', 'b'], names => names.join(', ')),
    'a,b, '
  );
  assert.equal(
    shown(typed, ['a', 'c'], names => names.join(', ')),
    'a, c'
  );
});

void test('only digits are a number, and nothing is one only where nothing is allowed', () => {
  assert.equal(numberIn(' 42 ', true), 42);
  assert.equal(numberIn('4x', false), undefined);
  assert.equal(numberIn('', false), null);
  assert.equal(numberIn('', true), undefined);
});
