import assert from 'node:assert/strict';
import { test } from 'node:test';

import { packageIn, withPackage } from './packages.js';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

void test('a line as the command prints it', () => {
  const expected = { name: 'my-pack-age', version: '1.2', wheel: DIGEST };
  assert.deepEqual(packageIn(` My_Pack.age==1.2 --hash=${DIGEST} `), expected);
  assert.deepEqual(packageIn(`my-pack-age == 1.2 ${DIGEST}`), expected);
});

void test('what names no wheel', () => {
  for (const text of ['', 'greeting', 'greeting==1.2', `greeting==1.2 ${DIGEST.slice(0, -1)}`]) {
    assert.equal(packageIn(text), null);
  }
});

void test('one wheel of a name, in the order of names', () => {
  const old = { name: 'b', version: '1', wheel: DIGEST };
  const first = { name: 'a', version: '1', wheel: DIGEST };
  const newer = { name: 'b', version: '2', wheel: DIGEST };
  assert.deepEqual(withPackage(withPackage([old], first), newer), [first, newer]);
});
