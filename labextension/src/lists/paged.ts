import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { asProblem, type Problem } from '../api/problem.js';
import type { Page } from '../api/shapes.js';

/** So many items beyond what is in sight are fetched before anybody scrolls there. */
const AHEAD = 60;

/** Fetches the page that comes after a cursor, or the first one. */
export type Fetch<T> = (
  question: string,
  after: string | null,
  signal: AbortSignal
) => Promise<Page<T>>;

/** As much of a list as was fetched. */
export interface ListState<T> {
  readonly items: readonly T[];
  /** Whether the server has more after these. */
  readonly more: boolean;
  /** Whether these answer what was asked last; while they do not, the answer before is still shown. */
  readonly settled: boolean;
  /** Which question these answer. */
  readonly question: string | null;
  readonly problem: Problem | null;
}

interface Kept<T> {
  readonly after: string | null;
  readonly items: readonly T[];
  readonly next: string | null;
  readonly stale: boolean;
}

const NOTHING = { items: [], more: false, settled: false, question: null, problem: null } as const;

/**
 * A list that the server has and this page shows a part of. Pages are fetched in order, ahead of who scrolls; after
 * a change only those in sight are fetched again, the others once they come into sight.
 */
export class PagedList<T> implements IDisposable {
  readonly changed = new Signal<this, ListState<T>>(this);
  private readonly fetch: Fetch<T>;
  private readonly keyOf: (item: T) => string;
  private state: ListState<T> = NOTHING;
  private pages: readonly Kept<T>[] = [];
  private question: string | null = null;
  private owner = '';
  private settled = false;
  private answered: string | null = null;
  private sight: readonly [first: number, last: number] = [0, 0];
  private stop = new AbortController();
  private working = false;
  private disposed = false;

  constructor(fetch: Fetch<T>, keyOf: (item: T) => string) {
    this.fetch = fetch;
    this.keyOf = keyOf;
  }

  get current(): ListState<T> {
    return this.state;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    this.stop.abort();
    Signal.clearData(this);
  }

  /** Asks for another list; null for none. What one `owner` saw is never shown to another. */
  ask(question: string | null, owner: string): void {
    if (question === this.question && owner === this.owner) {
      return;
    }
    if (owner !== this.owner || question === null) {
      this.pages = [];
    }
    this.question = question;
    this.owner = owner;
    this.settled = false;
    this.sight = [0, 0];
    this.stop.abort();
    this.stop = new AbortController();
    this.tell(null);
    this.work();
  }

  /** Something changed at the server: all that was fetched is out of date. */
  moved(): void {
    this.pages = this.pages.map(page => ({ ...page, stale: true }));
    this.retry();
  }

  /** Tells which items are in sight, as places in the list; they may lie before its beginning or behind its end. */
  inSight(first: number, last: number): void {
    if (first !== this.sight[0] || last !== this.sight[1]) {
      this.sight = [first, last];
      if (this.state.problem === null) {
        this.work();
      }
    }
  }

  /** Goes on after something went wrong. */
  retry(): void {
    if (this.state.problem !== null) {
      this.tell(null);
    }
    this.work();
  }

  private work(): void {
    if (!this.working) {
      this.working = true;
      void this.fetchWhatIsMissing();
    }
  }

  private async fetchWhatIsMissing(): Promise<void> {
    for (;;) {
      const place = this.disposed ? null : this.missing();
      const { question, stop } = this;
      if (place === null || question === null) {
        // At once and not a turn later: who asks for more in between would never be heard.
        this.working = false;
        return;
      }
      const after = this.cursorOf(place);
      const stale = this.pages;
      try {
        const page = await this.fetch(question, after, stop.signal);
        if (!stop.signal.aborted) {
          // What changed on the way leaves the answer as old as what was there before.
          // An empty page ends the list, whatever it says: else one would ask for ever.
          const next = page.items.length === 0 ? null : page.next;
          this.take(place, { items: page.items, next, after, stale: stale !== this.pages });
        }
      } catch (reason) {
        if (!stop.signal.aborted) {
          this.working = false;
          this.tell(asProblem(reason));
          return;
        }
      }
    }
  }

  /** The place of the page to fetch next, or null if all that is in sight is here and fresh. */
  private missing(): number | null {
    if (this.question === null) {
      return null;
    }
    if (!this.settled) {
      return 0;
    }
    const [first, last] = [this.sight[0] - AHEAD, this.sight[1] + AHEAD];
    let start = 0;
    for (const [place, page] of this.pages.entries()) {
      const end = start + page.items.length;
      if (page.stale && start <= last && end > first) {
        return place;
      }
      start = end;
    }
    const more = (this.pages.at(-1)?.next ?? null) !== null;
    return more && last >= start && first <= start ? this.pages.length : null;
  }

  private cursorOf(place: number): string | null {
    if (!this.settled || place === 0) {
      return null;
    }
    return this.pages[place - 1]?.next ?? null;
  }

  private take(place: number, page: Kept<T>): void {
    const before = this.settled ? this.pages.slice(0, place) : [];
    const following = this.settled ? this.pages.slice(place + 1) : [];
    this.settled = true;
    this.answered = this.question;
    const [next, ...rest] = following;
    if (page.next === null || next === undefined) {
      this.pages = [...before, page];
    } else if (next.after === page.next) {
      this.pages = [...before, page, ...following];
    } else {
      // Items moved across the border of the two pages: the following one begins elsewhere now.
      this.pages = [...before, page, { ...next, after: page.next, stale: true }, ...rest];
    }
    this.tell(null);
  }

  private tell(problem: Problem | null): void {
    const found = new Map<string, T>();
    for (const item of this.pages.flatMap(page => page.items)) {
      const key = this.keyOf(item);
      if (!found.has(key)) {
        found.set(key, item);
      }
    }
    this.state = {
      items: [...found.values()],
      more: (this.pages.at(-1)?.next ?? null) !== null,
      settled: this.settled,
      question: this.answered,
      problem
    };
    this.changed.emit(this.state);
  }
}
