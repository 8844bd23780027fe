import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf, hidden, nameOf, pieces, rightToLeft } from './hidden.js';

const BEYOND = 0x10ffff;

void test('every control and format character is found, and so are spaces that are not the space', () => {
  const class_ = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Zs}]/u;
  for (let code = 0; code <= BEYOND; code += 1) {
    const character = String.fromCodePoint(code);
    if (class_.test(character) && !'\t\n '.includes(character)) {
      assert.match(character, hidden(), codeOf(code));
    }
  }
});

void test('what everybody sees is left alone', () => {
  for (const text of ['SELECT a\tFROM b\n', 'é ü 中文 😀', 'שלום', 'a = "−+*/"']) {
    assert.doesNotMatch(text, hidden());
  }
});

void test('a hidden character is told by its code, and by its name where it has one', () => {
  assert.equal(codeOf(0x202e), 'U+202E');
  assert.equal(nameOf(0x202e), 'U+202E right-to-left override');
  assert.equal(nameOf(0xe0041), 'U+E0041');
});

void test('a text is cut so that nothing in it can reorder its neighbours', () => {
  const override = String.fromCodePoint(0x202e);
  assert.deepEqual(pieces(`a${override}b "אב", "גד"`), [
    { text: 'a', kind: 'plain' },
    { text: override, kind: 'hidden' },
    { text: 'b "', kind: 'plain' },
    { text: 'אב', kind: 'isolated' },
    { text: '", "', kind: 'plain' },
    { text: 'גד', kind: 'isolated' },
    { text: '"', kind: 'plain' }
  ]);
  assert.deepEqual(pieces(''), []);
});

void test('letters from right to left are found in every block that has them', () => {
  for (const code of [0x05d0, 0x0627, 0x0710, 0x07c1, 0xfb50, 0xfe8d, 0x10900, 0x1e900]) {
    assert.match(String.fromCodePoint(code), rightToLeft(), codeOf(code));
  }
  assert.doesNotMatch('abc 中文 +-()', rightToLeft());
});
