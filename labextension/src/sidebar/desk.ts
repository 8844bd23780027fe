import type { Action, Job } from '../api/shapes';
import type { NotebookInsertion } from '../insert/notebook';
import type { WorkspaceModel } from '../workspace/model';

/** What the sidebar's sections work with. */
export interface Desk {
  readonly model: WorkspaceModel;
  readonly insertion: NotebookInsertion;
  /** Opens the main-area page that belongs to an action; false where there is none. */
  readonly openPage: (action: Action, job: Job) => boolean;
  /** Opens the history of a job's runs. */
  readonly openRuns: (job: Job) => void;
}
