import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type { Connection } from '../api/connection';
import { asProblem, type Problem } from '../api/problem';
import type { Dataset, JobCounts, MemberStatus, PinnedQuery, Workspace } from '../api/shapes';
import { Events } from './events';
import type { Identity } from './identity';

/** What all pages share, as one value that is replaced and never changed. Jobs are fetched by who shows them. */
export interface Snapshot {
  readonly member: MemberStatus | null;
  readonly workspaces: readonly Workspace[];
  readonly workspace: string | null;
  readonly counts: JobCounts | null;
  readonly datasets: readonly Dataset[];
  readonly pinned: readonly PinnedQuery[];
  readonly connected: boolean;
  readonly updatedAt: Date | null;
  readonly problem: Problem | null;
  /** Grows with every change that the server told of: what was fetched before is out of date. */
  readonly moved: number;
}

const EMPTY: Snapshot = {
  member: null,
  workspaces: [],
  workspace: null,
  counts: null,
  datasets: [],
  pinned: [],
  connected: true,
  updatedAt: null,
  problem: null,
  moved: 0
};

/** The workspace as the server told it last; asks again whenever the server says it moved. */
export class WorkspaceModel implements IDisposable {
  readonly changed = new Signal<this, Snapshot>(this);
  /** Sentences for the live region. */
  readonly announced = new Signal<this, string>(this);
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

  /** The member whose keys are used: the chosen one, else the only one. */
  get acting(): string | null {
    return this.identity.email ?? this.snapshot.member?.acting_as ?? null;
  }

  dispose(): void {
    this.events.dispose();
    Signal.clearData(this);
  }

  /** The datasets of a workspace, as far as it is the one that is shown. */
  datasetsOf(workspace: string): readonly Dataset[] {
    return workspace === this.snapshot.workspace ? this.snapshot.datasets : [];
  }

  /** The path of something in the workspace that is shown. */
  path(rest: string): string {
    return `workspaces/${encodeURIComponent(this.snapshot.workspace ?? '')}/${rest}`;
  }

  /** Tells those who cannot see the change; one sentence. */
  announce(sentence: string): void {
    this.announced.emit(sentence);
  }

  enter(workspace: string): void {
    this.replace({ workspace, counts: null, datasets: [], pinned: [] });
    void this.refresh();
  }

  /** Fetches everything shared again; calls that arrive meanwhile share one more fetch. */
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
    // Lists may begin to fetch beside the rest, as soon as they know where.
    if (workspace !== this.snapshot.workspace || this.snapshot.member === null) {
      this.replace({ member, workspaces, workspace });
    }
    const [counts, datasets, pinned] =
      workspace === null
        ? [null, [], []]
        : await Promise.all([
            this.connection.json<JobCounts>(`${place}/jobs/counts`),
            this.connection.all<Dataset>(`${place}/datasets`),
            this.connection.all<PinnedQuery>(`${place}/pinned-queries`)
          ]);
    // An answer meant for the member before a switch is dropped: a new fetch is already due.
    if (asked === this.identity.email && workspace === this.snapshot.workspace) {
      this.replace({
        member,
        workspaces,
        workspace,
        counts,
        datasets,
        pinned,
        updatedAt: new Date(),
        problem: null,
        moved: this.snapshot.moved + 1
      });
    }
  }

  private becomeMember(): void {
    this.events.renew();
    this.replace({ counts: null, datasets: [], pinned: [], moved: this.snapshot.moved + 1 });
    void this.refresh();
  }

  private replace(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    this.changed.emit(this.snapshot);
  }
}
