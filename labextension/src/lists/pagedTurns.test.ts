import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PagedList } from './paged.js';

/** Lets everything that waits for nothing but its turn run. */
function turn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}

void test('a question asked right after none is heard', async () => {
  const asked: string[] = [];
  const list = new PagedList<string>(
    question => {
      asked.push(question);
      return Promise.resolve({ items: [question], next: null });
    },
    item => item
  );
  list.ask(null, 'ana');
  list.ask('first', 'ana');
  await turn();
  list.ask(null, 'ana');
  list.ask('second', 'ana');
  await turn();
  assert.deepEqual(asked, ['first', 'second']);
  assert.deepEqual(list.current.items, ['second']);
});

void test('what comes into sight while an answer is taken is fetched', async () => {
  const asked: (string | null)[] = [];
  const list = new PagedList<number>(
    (_, after) => {
      asked.push(after);
      const start = Number(after ?? 0);
      const items = Array.from({ length: 50 }, (_item, at) => start + at);
      return Promise.resolve({ items, next: start < 150 ? String(start + 50) : null });
    },
    item => String(item)
  );
  list.changed.connect((_, { items }) => {
    if (items.length > 0) {
      // As React does: draws soon, but before anything else happens.
      queueMicrotask(() => {
        list.inSight(items.length - 10, items.length);
      });
    }
  });
  list.ask('all', 'ana');
  await turn();
  assert.deepEqual(asked, [null, '50', '100', '150']);
});
