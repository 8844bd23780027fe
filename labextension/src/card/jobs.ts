import { JobModel } from '../job/model';
import type { WorkspaceModel } from '../workspace/model';

/** One card's share of a job; `release` gives it back. */
export interface Share {
  readonly job: JobModel;
  readonly release: () => void;
}

/**
 * The jobs that cards show: one model for a job, however many cards show it and for as long as one of them is on the
 * page. All of them listen to the workspace's one stream of events, so a long notebook asks no more than a short one.
 */
export class SharedJobs {
  private readonly shared: WorkspaceModel;
  private readonly shown = new Map<string, { readonly job: JobModel; cards: number }>();

  constructor(shared: WorkspaceModel) {
    this.shared = shared;
  }

  take(workspace: string, id: string): Share {
    const name = `${workspace}/${id}`;
    const found = this.shown.get(name) ?? {
      job: new JobModel(this.shared, workspace, id),
      cards: 0
    };
    found.cards += 1;
    this.shown.set(name, found);
    let held = true;
    return {
      job: found.job,
      release: () => {
        found.cards -= held ? 1 : 0;
        held = false;
        if (found.cards === 0 && !found.job.isDisposed) {
          found.job.dispose();
          this.shown.delete(name);
        }
      }
    };
  }
}
