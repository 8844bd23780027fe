import { Notification } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { asProblem, type Problem } from '../api/problem';
import type { Notice, Page } from '../api/shapes';
import type { Desk } from '../desk';
import { withMoments } from '../ui/moments';
import { trans } from '../ui/translation';
import type { Snapshot, WorkspaceModel } from '../workspace/model';
import { after, fresh } from './mark';

const MOST = 50;
/** At most so many at once are told one by one. */
const FEW = 3;
const QUIET_MILLISECONDS = 10_000;
/** What waits for somebody stays longer; the page of notices keeps it anyway. */
const ASKING_MILLISECONDS = 30_000;
type Level = 'info' | 'success' | 'warning' | 'error';
const STAYS: Readonly<Record<Level, number | false>> = {
  info: QUIET_MILLISECONDS,
  success: QUIET_MILLISECONDS,
  warning: ASKING_MILLISECONDS,
  error: false
};

/** What the acting member has not seen, as far as the server told. */
export interface NoticesState {
  readonly unseen: readonly Notice[];
  /** There are more than these. */
  readonly more: boolean;
  readonly problem: Problem | null;
}

const NOTHING: NoticesState = { unseen: [], more: false, problem: null };

function levelOf(level: string): Level {
  return level in STAYS ? (level as Level) : 'info';
}

/**
 * Tells the acting member what happened that concerns them: each thing once as it happens, and what happened while
 * they were away in one sentence when they come back.
 */
export class NoticesModel implements IDisposable {
  readonly changed = new Signal<this, NoticesState>(this);
  private readonly desk: Desk;
  private readonly openPage: () => void;
  private readonly warned = new Set<string>();
  private state = NOTHING;
  private owner = '';
  private moved = 0;
  private latest = 0;
  private returning = true;
  private disposed = false;

  constructor(desk: Desk, openPage: () => void) {
    this.desk = desk;
    this.openPage = openPage;
    desk.model.changed.connect(this.follow);
  }

  get current(): NoticesState {
    return this.state;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    this.desk.model.changed.disconnect(this.follow);
    Signal.clearData(this);
  }

  /** Marks everything up to a notice as seen, for every browser of the member. */
  async see(upTo: string): Promise<void> {
    const { model } = this.desk;
    await model.connection.json(model.path('notices/seen'), {
      method: 'POST',
      body: { up_to: upTo }
    });
    await this.refresh();
  }

  /** Opens what a notice is about. */
  open(notice: Notice): void {
    const { workspace } = this.desk.model.current;
    if (workspace !== null && notice.job !== null) {
      const run = notice.run;
      this.desk.openJob(workspace, notice.job, run === null ? {} : { tab: 'history', run });
    }
  }

  private readonly follow = (_: WorkspaceModel, shown: Snapshot): void => {
    const { acting } = this.desk.model;
    const owner = acting === null || shown.workspace === null ? '' : `${shown.workspace} ${acting}`;
    if (owner !== this.owner) {
      this.owner = owner;
      this.returning = true;
      this.moved = shown.moved;
      this.replace(NOTHING);
      void this.refresh();
    } else if (shown.moved !== this.moved) {
      this.moved = shown.moved;
      void this.refresh();
    }
    this.warn(shown);
  };

  private async refresh(): Promise<void> {
    const turn = ++this.latest;
    if (this.owner === '') {
      return;
    }
    const { model } = this.desk;
    try {
      const page = await model.connection.json<Page<Notice>>(
        `${model.path('notices')}?unseen=true&limit=${MOST}`
      );
      if (turn === this.latest && !this.disposed) {
        this.take(page);
      }
    } catch (reason) {
      if (turn === this.latest && !this.disposed) {
        this.replace({ ...this.state, problem: asProblem(reason) });
      }
    }
  }

  private take(page: Page<Notice>): void {
    const mark = this.desk.memory.getItem(this.markName);
    const news = fresh(page.items, mark);
    this.desk.memory.setItem(this.markName, after(page.items, mark));
    if (news.length > (this.returning ? 1 : FEW)) {
      this.tellMany(news.length, page.next !== null && news.length === page.items.length);
    } else {
      [...news].reverse().forEach(notice => {
        this.tell(notice);
      });
    }
    this.returning = false;
    this.replace({ unseen: page.items, more: page.next !== null, problem: null });
  }

  private get markName(): string {
    return `told ${this.owner}`;
  }

  private tell(notice: Notice): void {
    const level = levelOf(notice.level);
    const label = notice.run === null ? trans.__('Open job') : trans.__('Open run');
    Notification.emit(notice.text, level, {
      autoClose: STAYS[level],
      actions:
        notice.job === null
          ? []
          : [
              {
                label,
                caption: notice.job_name,
                displayType: 'accent',
                callback: () => {
                  this.open(notice);
                }
              }
            ]
    });
    this.desk.model.announce(notice.text);
  }

  private tellMany(count: number, more: boolean): void {
    const sentence = more
      ? trans.__('More than %1 things happened while you were away.', count)
      : trans._n(
          '%1 thing happened while you were away.',
          '%1 things happened while you were away.',
          count
        );
    Notification.info(sentence, {
      autoClose: false,
      actions: [{ label: trans.__('Show them'), displayType: 'accent', callback: this.openPage }]
    });
    this.desk.model.announce(sentence);
  }

  /** What the workspace server was caught at is told loudly, once in each page. */
  private warn(shown: Snapshot): void {
    const { acting } = this.desk.model;
    const mine = shown.member?.identities.find(each => each.email === acting);
    for (const line of mine?.warnings ?? []) {
      const known = `${this.owner} ${line}`;
      if (!this.warned.has(known)) {
        this.warned.add(known);
        Notification.error(
          trans.__('The workspace server contradicts itself. %1', withMoments(line)),
          {
            autoClose: false
          }
        );
      }
    }
  }

  private replace(state: NoticesState): void {
    this.state = state;
    this.changed.emit(state);
  }
}
