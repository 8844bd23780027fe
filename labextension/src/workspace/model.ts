import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { Dataset, Job, JobDetail, MemberStatus, PinnedQuery, Workspace } from '../api/shapes';
import { Events } from './events';
import type { Identity } from './identity';

/** All that the sidebar draws, as one value that is replaced and never changed. */
export interface Snapshot {
  readonly member: MemberStatus | null;
  readonly workspaces: readonly Workspace[];
  readonly workspace: string | null;
  readonly jobs: readonly Job[];
  readonly datasets: readonly Dataset[];
  readonly pinned: readonly PinnedQuery[];
  readonly chosen: string | null;
  /** The chosen job in full, once it has been fetched. */
  readonly detail: JobDetail | null;
  readonly connected: boolean;
  readonly updatedAt: Date | null;
  readonly problem: Problem | null;
}

const EMPTY: Snapshot = {
  member: null,
  workspaces: [],
  workspace: null,
  jobs: [],
  datasets: [],
  pinned: [],
  chosen: null,
  detail: null,
  connected: true,
  updatedAt: null,
  problem: null
};

/** The workspace as the server told it last; asks again whenever the server says it moved. */
export class WorkspaceModel implements IDisposable {
  readonly changed = new Signal<this, Snapshot>(this);
  /** Sentences for the live region: jobs whose status changed. */
  readonly announced = new Signal<this, string>(this);
  /** Sentences for a notice: jobs whose newest run ended just now. */
  readonly ended = new Signal<this, string>(this);
  readonly connection: Connection;
  readonly identity: Identity;
  private readonly events: Events;
  private snapshot = EMPTY;
  private fetching: Promise<void> | null = null;
  private stale = false;

  constructor(connection: Connection, identity: Identity) {
    this.connection = connection;
    this.identity = identity;
    identity.changed.connect(() => {
      this.becomeMember();
    });
    this.events = new Events(connection, {
      moved: () => void this.refresh(),
      lost: () => {
        this.replace({ connected: false });
      },
      found: () => {
        if (!this.snapshot.connected) {
          this.replace({ connected: true });
          void this.refresh();
        }
      }
    });
    void this.refresh();
  }

  get current(): Snapshot {
    return this.snapshot;
  }

  get isDisposed(): boolean {
    return this.events.isDisposed;
  }

  dispose(): void {
    this.events.dispose();
    Signal.clearData(this);
  }

  /** The path of something in the workspace that is shown. */
  path(rest: string): string {
    return `workspaces/${encodeURIComponent(this.snapshot.workspace ?? '')}/${rest}`;
  }

  choose(job: string | null): void {
    this.replace({ chosen: job, detail: null });
    void this.refresh();
  }

  enter(workspace: string): void {
    this.replace({ workspace, jobs: [], datasets: [], pinned: [], chosen: null, detail: null });
    void this.refresh();
  }

  /** Fetches everything shown; calls that arrive meanwhile share one more fetch. */
  refresh(): Promise<void> {
    this.stale = true;
    this.fetching ??= this.fetchWhileStale().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  private async fetchWhileStale(): Promise<void> {
    while (this.stale && !this.isDisposed) {
      this.stale = false;
      try {
        await this.fetch();
      } catch (reason) {
        this.replace({ problem: asProblem(reason) });
      }
    }
  }

  private async fetch(): Promise<void> {
    const member = await this.connection.json<MemberStatus>('member/status', { unnamed: true });
    this.identity.keepAmong(member.identities.map(each => each.email));
    const asked = this.identity.email;
    const workspaces = await this.connection.all<Workspace>('workspaces');
    const wanted = this.snapshot.workspace;
    const workspace = (workspaces.find(each => each.id === wanted) ?? workspaces[0])?.id ?? null;
    const place = `workspaces/${encodeURIComponent(workspace ?? '')}`;
    const chosen = this.snapshot.chosen;
    const [jobs, datasets, pinned] =
      workspace === null
        ? [[], [], []]
        : await Promise.all([
            this.connection.all<Job>(`${place}/jobs`),
            this.connection.all<Dataset>(`${place}/datasets`),
            this.connection.all<PinnedQuery>(`${place}/pinned-queries`)
          ]);
    const known = jobs.some(job => job.id === chosen);
    const detail = known
      ? await this.connection.json<JobDetail>(`${place}/jobs/${encodeURIComponent(chosen ?? '')}`)
      : null;
    // An answer meant for the member before a switch is dropped: a new fetch is already due.
    if (asked === this.identity.email && (wanted === this.snapshot.workspace || wanted === null)) {
      this.announce(jobs);
      this.replace({
        member,
        workspaces,
        workspace,
        jobs,
        datasets,
        pinned,
        ...(chosen === this.snapshot.chosen ? { chosen: known ? chosen : null, detail } : {}),
        updatedAt: new Date(),
        problem: null
      });
    }
  }

  private announce(jobs: readonly Job[]): void {
    const before = new Map(this.snapshot.jobs.map(job => [job.id, job]));
    for (const job of jobs) {
      const told = before.get(job.id);
      if (told !== undefined && told.status_text !== job.status_text) {
        this.announced.emit(`${job.name}: ${job.status_text}`);
      }
      if (told?.newest_run?.finished === null && job.newest_run?.finished != null) {
        this.ended.emit(`${job.name}: ${job.status_text}`);
      }
    }
  }

  private becomeMember(): void {
    this.events.renew();
    this.replace({ jobs: [], datasets: [], pinned: [], chosen: null, detail: null });
    void this.refresh();
  }

  private replace(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    this.changed.emit(this.snapshot);
  }
}
