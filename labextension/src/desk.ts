import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Insertion } from './insert/insertion';
import type { Memory } from './ui/memory';
import type { WorkspaceModel } from './workspace/model';

/** The tabs of a job page, in their order. */
export const TABS = ['query', 'details', 'history'] as const;
export type Tab = (typeof TABS)[number];

/** Where in a job page to go; what is left out stays as it is. */
export interface Place {
  readonly tab?: Tab;
  readonly run?: string;
}

/** What every part of this extension works with. */
export interface Desk {
  readonly model: WorkspaceModel;
  readonly insertion: Insertion;
  readonly editors: IEditorServices;
  /** JupyterLab's renderers, for charts. */
  readonly renderers: IRenderMimeRegistry;
  readonly memory: Memory;
  /** Opens a job's page, or brings it to the front. */
  readonly openJob: (workspace: string, job: string, place?: Place) => void;
  /** Opens the page that lists all jobs. */
  readonly openList: () => void;
  /** Opens the page of the audit log; with a job, narrowed to it. */
  readonly openAudit: (job?: string) => void;
}
