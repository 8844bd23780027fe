import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { draftsOf, goOn, isUnadded, ReviewDrafts } from './drafts.js';

const WEI = 'wei@hotel.example';

/** What a browser keeps. */
class Shelf {
  readonly kept = new Map<string, string>();

  getItem(name: string): string | null {
    return this.kept.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.kept.set(name, value);
  }

  removeItem(name: string): void {
    this.kept.delete(name);
  }
}

let shelf: Shelf;
let drafts: ReviewDrafts;

beforeEach(() => {
  shelf = new Shelf();
  drafts = new ReviewDrafts(shelf, WEI, 'a');
});

function write(line: number, text: string): void {
  drafts.ask(line);
  drafts.type({ text });
  drafts.add();
}

void test('asking for another line keeps what is typed', () => {
  drafts.ask(3);
  drafts.type({ text: 'Why this column?' });
  drafts.ask(7);
  assert.deepEqual(drafts.current.form, { line: 7, text: 'Why this column?', replaces: null });
});

void test('a comment being edited stays until the new one replaces it', () => {
  write(3, 'Old words');
  const [old] = drafts.current.lines;
  assert.ok(old);
  assert.ok(drafts.edit(old));
  drafts.type({ text: 'New words' });
  assert.deepEqual(drafts.current.lines, [old]);
  drafts.cancel();
  assert.deepEqual(drafts.current.lines, [old]);
  drafts.edit(old);
  drafts.type({ text: 'New words', line: 5 });
  drafts.add();
  assert.deepEqual(drafts.current.lines, [{ line: 5, text: 'New words' }]);
});

void test('editing a comment does not drop another that is being typed', () => {
  write(3, 'Kept');
  drafts.ask(9);
  drafts.type({ text: 'Half a sen' });
  const [kept] = drafts.current.lines;
  assert.ok(kept);
  assert.equal(drafts.edit(kept), false);
  assert.equal(drafts.current.form?.text, 'Half a sen');
});

void test('an open form outlives the page, and so does what it replaces', () => {
  write(3, 'Old words');
  const [old] = drafts.current.lines;
  assert.ok(old);
  drafts.edit(old);
  drafts.type({ text: 'New words' });
  drafts = new ReviewDrafts(shelf, WEI, 'a');
  assert.equal(drafts.current.form?.text, 'New words');
  drafts.add();
  assert.deepEqual(drafts.current.lines, [{ line: 3, text: 'New words' }]);
});

void test('nothing is added without words or without a line', () => {
  drafts.ask(3);
  drafts.type({ text: '  ' });
  drafts.add();
  drafts.type({ text: 'Words', line: null });
  drafts.add();
  assert.deepEqual(drafts.current.lines, []);
  assert.equal(drafts.current.form?.text, 'Words');
});

void test('an open form holds something to lose once its words are new', () => {
  write(3, 'Old words');
  const [old] = drafts.current.lines;
  assert.ok(old);
  drafts.edit(old);
  assert.equal(isUnadded(drafts.current.form), false);
  drafts.type({ text: 'New words' });
  assert.equal(isUnadded(drafts.current.form), true);
  drafts.cancel();
  assert.equal(isUnadded(drafts.current.form), false);
});

void test('going on to the next submission takes the comment along and forgets the rest', () => {
  drafts.say('Please name the columns.');
  write(3, 'This one');
  goOn(shelf, WEI, 'a', 'b');
  assert.deepEqual([...shelf.kept.keys()], [`review:${WEI}:b`]);
  assert.deepEqual(draftsOf(shelf, WEI, 'b'), {
    comment: 'Please name the columns.',
    lines: [],
    form: null
  });
});

void test('what was sent is kept no longer', () => {
  drafts.say('Fine.');
  write(3, 'Good');
  drafts.ask(4);
  drafts.clear();
  assert.equal(shelf.kept.size, 0);
});
