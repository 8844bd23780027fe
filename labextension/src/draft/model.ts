import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { asProblem, type Problem } from '../api/problem';
import type { DraftChange, JobDetail } from '../api/shapes';
import type { JobModel } from '../job/model';
import type { Memory } from '../ui/memory';
import type { WorkspaceModel } from '../workspace/model';

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

/** The fields as they were when their typing began: what somebody else saved is compared with them. */
type Before = Readonly<Record<string, unknown>>;

interface Kept {
  readonly revision: number;
  readonly pending: DraftChange;
  readonly before: Before;
}

/** The fields of a job's draft by the names that a change has. */
function fieldsOf(detail: JobDetail): Before {
  return { ...detail.version, name: detail.name, description: detail.description };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The author's changes of one draft: saved a moment after the typing stops, against the revision
 * that was read. What could not be saved stays here, and in this browser over a reload.
 */
export class DraftModel implements IDisposable {
  readonly changed = new Signal<this, DraftState>(this);
  private readonly shared: WorkspaceModel;
  private readonly job: JobModel;
  private readonly memory: Memory;
  private state = CLEAN;
  private revision: number | null = null;
  private before: Before = {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private disposed = false;
  /** Who typed: what one member wrote never goes out as another. */
  private member: string | null;

  constructor(shared: WorkspaceModel, job: JobModel, memory: Memory) {
    this.shared = shared;
    this.member = shared.acting;
    shared.changed.connect(this.follow);
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
    this.shared.changed.disconnect(this.follow);
    if (!this.isClean) {
      // The page closes: what was typed goes out at once; if it cannot, it waits in this browser.
      void this.flush().catch(() => undefined);
    }
    Signal.clearData(this);
  }

  /** Takes what was typed; it is saved a moment later. */
  change(part: DraftChange): void {
    const { detail } = this.job.current;
    this.revision ??= detail?.revision ?? null;
    if (detail !== null) {
      const fields = fieldsOf(detail);
      const began = Object.keys(part).map(name => [name, fields[name]]);
      this.before = { ...(Object.fromEntries(began) as Before), ...this.before };
    }
    const { conflict, pending, problem } = this.state;
    this.replace({ pending: { ...pending, ...part }, problem: conflict ? problem : null });
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.flush().catch(() => undefined);
    }, PAUSE);
  }

  /** Saves now what waits to be saved; throws the `Problem` if the server refuses. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    if (this.state.conflict && this.state.problem !== null) {
      // Only the author says which text counts.
      throw this.state.problem;
    }
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
    this.rebase();
    this.replace({ conflict: false, problem: null });
    await this.flush();
  }

  /** Goes on from what the server has now. Whoever calls has made sure that nothing of others is lost. */
  private rebase(): void {
    this.revision = this.job.current.detail?.revision ?? this.revision;
  }

  /** Whether somebody else changed a field that is being changed here too. */
  private get collides(): boolean {
    const { detail } = this.job.current;
    const now = detail === null ? {} : fieldsOf(detail);
    return Object.keys(this.state.pending).some(name => !same(now[name], this.before[name]));
  }

  private send(change: DraftChange): Promise<JobDetail> {
    return this.shared.connection.json<JobDetail>(this.job.path, {
      method: 'PATCH',
      body: change,
      ...(this.revision === null ? {} : { revision: this.revision })
    });
  }

  private async save(): Promise<void> {
    const writer = this.member;
    const sent = this.state.pending;
    this.replace({ saving: true });
    try {
      const detail = await this.send(sent).catch(async (reason: unknown) => {
        if (asProblem(reason).code !== STALE) {
          throw reason;
        }
        // Whoever saved in between may have changed other fields: then both changes stand.
        await this.job.refresh();
        if (this.collides) {
          throw reason;
        }
        this.rebase();
        return this.send(sent);
      });
      if (writer !== this.member) {
        return;
      }
      const left = Object.fromEntries(
        Object.entries(this.state.pending).filter(
          ([name, value]) => sent[name as keyof DraftChange] !== value
        )
      );
      this.job.tell(detail);
      this.revision = Object.keys(left).length === 0 ? null : detail.revision;
      const fields = fieldsOf(detail);
      this.before = Object.fromEntries(Object.keys(left).map(name => [name, fields[name]]));
      this.replace({ pending: left, saving: false, problem: null, conflict: false });
      this.keep();
    } catch (reason) {
      const problem = asProblem(reason);
      if (writer !== this.member) {
        return;
      }
      this.replace({ saving: false, problem, conflict: problem.code === STALE });
      throw problem;
    }
  }

  private settle(): void {
    this.revision = null;
    this.before = {};
    this.memory.removeItem(this.name);
  }

  private get name(): string {
    return `draft:${this.member ?? ''}:${this.job.id}`;
  }

  private readonly follow = (): void => {
    if (this.shared.acting !== this.member) {
      this.becomeMember();
    }
  };

  private becomeMember(): void {
    // What was typed waits in this browser for its writer to come back.
    clearTimeout(this.timer);
    this.member = this.shared.acting;
    this.revision = null;
    this.before = {};
    this.replace(CLEAN);
    this.restore();
  }

  private keep(): void {
    if (this.isClean || this.revision === null) {
      this.memory.removeItem(this.name);
    } else {
      const { revision, before } = this;
      const kept: Kept = { revision, before, pending: this.state.pending };
      this.memory.setItem(this.name, JSON.stringify(kept));
    }
  }

  private restore(): void {
    try {
      const kept = JSON.parse(this.memory.getItem(this.name) ?? 'null') as Kept | null;
      if (kept !== null) {
        this.revision = kept.revision;
        this.before = kept.before;
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
