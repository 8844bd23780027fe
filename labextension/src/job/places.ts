import { Signal } from '@lumino/signaling';

import type { Place, Tab } from '../desk';

/** What of the Query tab's lower part is in front. */
export type Output = 'results' | 'logs' | 'receipt';

/** Where in a job's page its reader is. */
export interface Whereabouts {
  readonly tab: Tab;
  /** The run whose results and logs are shown; null: the newest. */
  readonly run: string | null;
  readonly output: Output;
  /** The run that was ordered here last: it may end before anybody sees it wait. */
  readonly ordered: string | null;
  /** What wants the focus: grows with each wish. `line` is the line of the query that is meant. */
  readonly wish: { readonly what: string; readonly count: number; readonly line?: number };
}

/** Where to go; what is left out stays. */
export interface Step extends Place {
  readonly output?: Output;
  readonly line?: number;
}

const START: Whereabouts = {
  tab: 'query',
  run: null,
  output: 'results',
  ordered: null,
  wish: { what: '', count: 0 }
};

/** Where in a job's page its reader is, told to who remembers it over a reload. */
export class JobPlace {
  readonly changed = new Signal<this, Whereabouts>(this);
  private whereabouts: Whereabouts;

  constructor(place: Place) {
    const { tab, run, wish } = place;
    this.whereabouts = {
      ...START,
      tab: tab ?? START.tab,
      run: run ?? null,
      wish: { what: wish ?? '', count: 0 }
    };
  }

  get current(): Whereabouts {
    return this.whereabouts;
  }

  go(step: Step): void {
    const { wish, line, ...rest } = step;
    const count = this.whereabouts.wish.count + 1;
    this.whereabouts = {
      ...this.whereabouts,
      ...rest,
      ...(wish === undefined
        ? {}
        : { wish: { what: wish, count, ...(line === undefined ? {} : { line }) } })
    };
    this.changed.emit(this.whereabouts);
  }

  /** A wish that was granted is not granted again when a part of the page is made anew. */
  heard(count: number): void {
    const { wish } = this.whereabouts;
    if (wish.what !== '' && wish.count === count) {
      this.whereabouts = { ...this.whereabouts, wish: { what: '', count } };
    }
  }

  /** Shows a run that was ordered here: it is the newest. */
  ordered(run: string): void {
    this.whereabouts = { ...this.whereabouts, ordered: run };
    this.newest();
  }

  /** Shows the newest run again. */
  newest(): void {
    this.whereabouts = { ...this.whereabouts, run: null };
    this.changed.emit(this.whereabouts);
  }
}

/** Actions that are done in a part of the page rather than by one request. */
export const pagesOf: Readonly<Record<string, Step>> = {
  edit: { tab: 'query', wish: 'editor' },
  starter_scripts: { tab: 'query', wish: 'scripts' },
  add_input: { tab: 'query', wish: 'input' },
  request_reruns: { wish: 'reruns' },
  accept: { tab: 'query', wish: 'decide' },
  decline: { tab: 'query', wish: 'decide' },
  activate: { tab: 'details', wish: 'versions' },
  view_results: { tab: 'query', output: 'results', wish: 'output' },
  view_logs: { tab: 'query', output: 'logs', wish: 'output' }
};
