import type { IDisposable } from '@lumino/disposable';

import type { Connection } from '../api/connection';
import type { Sequence } from '../api/shapes';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** Who listens: `moved` after any change, `lost` and `found` as the connection goes and comes. */
export interface EventListener {
  readonly moved: () => void;
  readonly lost: () => void;
  readonly found: () => void;
}

/**
 * Waits at the server for changes. An event carries a sequence number and nothing else: what
 * changed is fetched, so that a lost or forged event can at most cause one more fetch.
 */
export class Events implements IDisposable {
  private readonly connection: Connection;
  private readonly listener: EventListener;
  private readonly stop = new AbortController();
  private wait = new AbortController();
  private sequence = 0;

  constructor(connection: Connection, listener: EventListener) {
    this.connection = connection;
    this.listener = listener;
    void this.follow();
  }

  get isDisposed(): boolean {
    return this.stop.signal.aborted;
  }

  dispose(): void {
    this.stop.abort();
    this.wait.abort();
  }

  /** Gives up the present wait and begins again, as whoever the connection speaks for now. */
  renew(): void {
    this.sequence = 0;
    this.wait.abort();
  }

  private async follow(): Promise<void> {
    let pause = FIRST_PAUSE;
    while (!this.isDisposed) {
      this.wait = new AbortController();
      const { signal } = this.wait;
      try {
        const { seq } = await this.connection.json<Sequence>(`events?after=${this.sequence}`, {
          signal
        });
        pause = FIRST_PAUSE;
        this.heard(seq);
      } catch {
        // Whatever the reason, the remedy is the same: say so and ask again, ever more seldom. Only a wait
        // that was given up on purpose goes on at once.
        if (!signal.aborted) {
          this.listener.lost();
          await this.rest(pause);
          pause = Math.min(pause * 2, LONGEST_PAUSE);
        }
      }
    }
  }

  private heard(sequence: number): void {
    this.listener.found();
    if (sequence !== this.sequence) {
      this.sequence = sequence;
      this.listener.moved();
    }
  }

  private rest(milliseconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this.stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
