import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { DraftChange, JobDetail } from '../api/shapes';
import type { JobModel } from '../job/model';
import type { Memory } from '../ui/memory';

const PAUSE = 1_000;
const STALE = 'draft_stale';

/** What was typed and is not saved yet, and how saving goes. */
export interface DraftState {
  readonly pending: DraftChange;
  readonly saving: boolean;
  readonly problem: Problem | null;
  /** Somebody saved in between: the author says which text counts. */
  readonly conflict: boolean;
}

const CLEAN: DraftState = { pending: {}, saving: false, problem: null, conflict: false };

interface Kept {
  readonly revision: number;
  readonly pending: DraftChange;
}

/**
 * The author's changes of one draft: saved a moment after the typing stops, against the revision
 * that was read. What could not be saved stays here, and in this browser over a reload.
 */
export class DraftModel implements IDisposable {
  readonly changed = new Signal<this, DraftState>(this);
  private readonly connection: Connection;
  private readonly job: JobModel;
  private readonly memory: Memory;
  private state = CLEAN;
  private revision: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private disposed = false;

  constructor(connection: Connection, job: JobModel, memory: Memory) {
    this.connection = connection;
    this.job = job;
    this.memory = memory;
    this.restore();
  }

  get current(): DraftState {
    return this.state;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  get isClean(): boolean {
    return Object.keys(this.state.pending).length === 0;
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    if (!this.isClean) {
      // The page closes: what was typed goes out at once; if it cannot, it waits in this browser.
      void this.flush().catch(() => undefined);
    }
    Signal.clearData(this);
  }

  /** Takes what was typed; it is saved a moment later. */
  change(part: DraftChange): void {
    this.revision ??= this.job.current.detail?.revision ?? null;
    this.replace({ pending: { ...this.state.pending, ...part }, problem: null });
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.flush().catch(() => undefined);
    }, PAUSE);
  }

  /** Saves now what waits to be saved; throws the `Problem` if the server refuses. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    while (this.running !== null) {
      await this.running;
    }
    if (!this.isClean) {
      this.running = this.save().finally(() => {
        this.running = null;
      });
      await this.running;
    }
  }

  /** Drops one's own changes for what the server has. */
  takeTheirs(): void {
    clearTimeout(this.timer);
    this.settle();
    this.replace(CLEAN);
  }

  /** Puts one's own changes onto the newest revision. */
  async keepMine(): Promise<void> {
    await this.job.refresh();
    this.revision = this.job.current.detail?.revision ?? this.revision;
    await this.flush();
  }

  private async save(): Promise<void> {
    const sent = this.state.pending;
    this.replace({ saving: true });
    try {
      const detail = await this.connection.json<JobDetail>(this.job.path, {
        method: 'PATCH',
        body: sent,
        ...(this.revision === null ? {} : { revision: this.revision })
      });
      const left = Object.fromEntries(
        Object.entries(this.state.pending).filter(
          ([name, value]) => sent[name as keyof DraftChange] !== value
        )
      );
      this.job.tell(detail);
      this.revision = Object.keys(left).length === 0 ? null : detail.revision;
      this.replace({ pending: left, saving: false, problem: null, conflict: false });
      this.keep();
    } catch (reason) {
      const problem = asProblem(reason);
      this.replace({ saving: false, problem, conflict: problem.code === STALE });
      throw problem;
    }
  }

  private settle(): void {
    this.revision = null;
    this.memory.removeItem(this.name);
  }

  private get name(): string {
    return `draft:${this.job.id}`;
  }

  private keep(): void {
    if (this.isClean || this.revision === null) {
      this.memory.removeItem(this.name);
    } else {
      const kept: Kept = { revision: this.revision, pending: this.state.pending };
      this.memory.setItem(this.name, JSON.stringify(kept));
    }
  }

  private restore(): void {
    try {
      const kept = JSON.parse(this.memory.getItem(this.name) ?? 'null') as Kept | null;
      if (kept !== null) {
        this.revision = kept.revision;
        this.state = { ...CLEAN, pending: kept.pending };
        void this.flush().catch(() => undefined);
      }
    } catch {
      this.memory.removeItem(this.name);
    }
  }

  private replace(change: Partial<DraftState>): void {
    this.state = { ...this.state, ...change };
    this.changed.emit(this.state);
  }
}
