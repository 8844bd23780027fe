import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { asProblem, type Problem } from '../api/problem';
import type { JobDetail } from '../api/shapes';
import type { Snapshot, WorkspaceModel } from '../workspace/model';

/** One job as the server told it last, and what went wrong last. */
export interface JobState {
  readonly detail: JobDetail | null;
  readonly problem: Problem | null;
}

/** Browsers keep a timer for at most so many milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** The server's clock may be a little behind this one. */
const AFTERWARDS = 1_000;

const NOTHING: JobState = { detail: null, problem: null };

/** One job, fetched again whenever the workspace moved, for as long as somebody shows it. */
export class JobModel implements IDisposable {
  readonly changed = new Signal<this, JobState>(this);
  readonly workspace: string;
  readonly id: string;
  private readonly shared: WorkspaceModel;
  private state = NOTHING;
  private moved: number;
  private member: string | null;
  private latest = 0;
  private over: number | undefined;
  private disposed = false;

  constructor(shared: WorkspaceModel, workspace: string, id: string) {
    this.shared = shared;
    this.workspace = workspace;
    this.id = id;
    this.moved = shared.current.moved;
    this.member = shared.acting;
    shared.changed.connect(this.follow);
    void this.refresh();
  }

  get current(): JobState {
    return this.state;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** The job's address below the API; `member/` before it goes through the member side. */
  get path(): string {
    return `${this.place}/jobs/${encodeURIComponent(this.id)}`;
  }

  /** The address of the job's workspace. */
  get place(): string {
    return `workspaces/${encodeURIComponent(this.workspace)}`;
  }

  dispose(): void {
    this.disposed = true;
    window.clearTimeout(this.over);
    this.shared.changed.disconnect(this.follow);
    Signal.clearData(this);
  }

  /** Fetches the job; an answer that a later one overtook is dropped. */
  async refresh(): Promise<void> {
    const turn = ++this.latest;
    let next: JobState;
    try {
      const detail = await this.shared.connection.json<JobDetail>(this.path);
      next = { detail, problem: null };
    } catch (reason) {
      next = { detail: this.state.detail, problem: asProblem(reason) };
    }
    if (turn === this.latest && !this.disposed) {
      this.take(next);
    }
  }

  /** Takes an answer that a change brought along, so that the page need not wait for the next fetch. */
  tell(detail: JobDetail): void {
    this.latest += 1;
    this.take({ detail, problem: null });
  }

  private take(next: JobState): void {
    const before = this.state.detail?.status_text;
    this.state = next;
    const { detail } = next;
    if (detail !== null && before !== undefined && before !== detail.status_text) {
      this.shared.announce(`${detail.name}: ${detail.status_text}`);
    }
    this.changed.emit(next);
    this.awaitEnd(detail?.live?.grant.until ?? null);
  }

  /** Nothing tells of a moment that passes: the job is fetched again when its approval ends. */
  private awaitEnd(until: string | null): void {
    window.clearTimeout(this.over);
    const left = until === null ? -1 : Date.parse(until) - Date.now();
    if (left >= 0 && left + AFTERWARDS <= LONGEST_TIMER) {
      this.over = window.setTimeout(() => void this.refresh(), left + AFTERWARDS);
    }
  }

  private readonly follow = (_: WorkspaceModel, shared: Snapshot): void => {
    const member = this.shared.acting;
    if (member !== this.member) {
      // What one member saw is not for the next one.
      this.member = member;
      this.state = NOTHING;
      this.changed.emit(this.state);
    }
    if (shared.moved !== this.moved) {
      this.moved = shared.moved;
      void this.refresh();
    }
  };
}
