import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PagedList, type Fetch } from './paged.js';

const SIZE = 50;

interface Item {
  readonly id: number;
}

/** A server with these items, that keeps the cursors it was asked for. */
class Server {
  readonly asked: string[] = [];
  items: readonly Item[];
  broken = false;

  constructor(count: number) {
    this.items = Array.from({ length: count }, (_, id) => ({ id }));
  }

  readonly fetch: Fetch<Item> = (question, after) => {
    this.asked.push(`${question} ${after ?? 'first'}`);
    if (this.broken) {
      return Promise.reject(new Error('away'));
    }
    const start = after === null ? 0 : this.items.findIndex(each => each.id === Number(after)) + 1;
    const items = this.items.slice(start, start + SIZE);
    const last = items.at(-1);
    const next = last === undefined || start + SIZE >= this.items.length ? null : String(last.id);
    return Promise.resolve({ items, next });
  };
}

const idle = (): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, 0);
  });

async function listOf(server: Server): Promise<PagedList<Item>> {
  const list = new PagedList<Item>(server.fetch, item => String(item.id));
  list.ask('jobs', 'ana');
  await idle();
  return list;
}

void test('only as much is fetched as is in sight and a little ahead', async () => {
  const server = new Server(10_000);
  const list = await listOf(server);
  assert.deepEqual(server.asked, ['jobs first', 'jobs 49']);
  list.inSight(80, 95);
  await idle();
  assert.equal(list.current.items.length, 200);
  assert.ok(list.current.more);
});

void test('what is in sight is there before one scrolls to it, to the very end', async () => {
  const server = new Server(1_234);
  const list = await listOf(server);
  for (let first = 0; first < 1_234; first += 15) {
    assert.ok(list.current.items.length >= Math.min(first + 15, 1_234), `blank at ${first}`);
    list.inSight(first, first + 15);
    await idle();
  }
  assert.deepEqual(list.current.items, server.items);
  assert.ok(!list.current.more);
});

void test('after a change only what is in sight is fetched again', async () => {
  const server = new Server(1_000);
  const list = await listOf(server);
  for (let first = 0; first <= 600; first += 40) {
    list.inSight(first, first + 15);
    await idle();
  }
  server.asked.length = 0;
  list.moved();
  await idle();
  assert.ok(server.asked.length <= 4, server.asked.join());
  assert.ok(!server.asked.includes('jobs first'));
  list.inSight(0, 15);
  await idle();
  assert.ok(server.asked.includes('jobs first'), 'what comes into sight is fetched again too');
});

void test('a job that moves to the front is shown once, and none is lost', async () => {
  for (const reader of [0, 160]) {
    const server = new Server(180);
    const list = await listOf(server);
    for (const first of [40, 80, 120, 160, reader]) {
      list.inSight(first, first + 15);
      await idle();
    }
    const moved = server.items.find(each => each.id === 170);
    assert.ok(moved !== undefined);
    server.items = [moved, ...server.items.filter(each => each !== moved)];
    list.moved();
    await idle();
    const ids = list.current.items.map(item => item.id);
    assert.equal(
      new Set(ids).size,
      ids.length,
      'no job twice, though it left a page that is not in sight'
    );
    for (const first of [160, 120, 80, 40, 0, 40, 80, 120, 160]) {
      list.inSight(first, first + 15);
      await idle();
    }
    assert.deepEqual(list.current.items, server.items);
  }
});

void test('another question keeps the old answer until the new one is there', async () => {
  const server = new Server(10);
  const list = await listOf(server);
  list.ask('jobs?q=a', 'ana');
  assert.equal(list.current.items.length, 10);
  assert.ok(!list.current.settled);
  assert.equal(list.current.question, 'jobs');
  await idle();
  assert.ok(list.current.settled);
  assert.equal(list.current.question, 'jobs?q=a');
});

void test('what one member saw is gone at once when another asks', async () => {
  const list = await listOf(new Server(10));
  list.ask('jobs', 'wei');
  assert.equal(list.current.items.length, 0);
});

void test('an answer to a question that nobody asks any more is dropped', async () => {
  const answers: ((page: { items: Item[]; next: null }) => void)[] = [];
  const list = new PagedList<Item>(
    () =>
      new Promise(resolve => {
        answers.push(resolve);
      }),
    item => String(item.id)
  );
  list.ask('jobs', 'ana');
  list.ask('jobs', 'wei');
  answers[0]?.({ items: [{ id: 1 }], next: null });
  await idle();
  assert.equal(list.current.items.length, 0);
  answers[1]?.({ items: [{ id: 2 }], next: null });
  await idle();
  assert.deepEqual(list.current.items, [{ id: 2 }]);
});

void test('a server whose pages are empty and never end is not asked for ever', async () => {
  let asked = 0;
  const list = new PagedList<Item>(
    () => {
      asked += 1;
      return Promise.resolve({ items: [], next: String(asked) });
    },
    item => String(item.id)
  );
  list.ask('jobs', 'ana');
  await idle();
  assert.equal(asked, 1);
  assert.ok(list.current.settled && !list.current.more);
});

void test('a problem is told, keeps what there is, and is asked about again only when told to', async () => {
  const server = new Server(1_000);
  const list = await listOf(server);
  server.broken = true;
  list.moved();
  await idle();
  const times = server.asked.length;
  assert.notEqual(list.current.problem, null);
  assert.ok(list.current.items.length > 0);
  list.inSight(30, 45);
  await idle();
  assert.equal(server.asked.length, times);
  server.broken = false;
  list.retry();
  await idle();
  assert.equal(list.current.problem, null);
});
