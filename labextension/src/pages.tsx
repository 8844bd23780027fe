import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Action, Job } from './api/shapes';
import { ReviewPage } from './review/page';
import { LogPage, ResultPage } from './runs/pages';
import { secureJobsIcon } from './ui/icons';
import type { WorkspaceModel } from './workspace/model';

type Opener = (action: Action, job: Job) => { readonly title: string; readonly page: ReactElement };

/** The main-area pages: one tab for each job and purpose, found again when asked for twice. */
export class Pages {
  private readonly app: JupyterFrontEnd;
  private readonly model: WorkspaceModel;
  private readonly openers: Readonly<Record<string, Opener>>;
  private readonly open = new Map<string, MainAreaWidget>();

  constructor(app: JupyterFrontEnd, model: WorkspaceModel) {
    this.app = app;
    this.model = model;
    const review: Opener = (_, job) => ({
      title: `Review: ${job.name}`,
      page: <ReviewPage model={model} job={job} />
    });
    this.openers = {
      accept: review,
      decline: review,
      view_results: (action, job) => ({
        title: `Results: ${job.name}`,
        page: <ResultPage connection={model.connection} job={job} path={action.href} />
      }),
      view_logs: (action, job) => ({
        title: `Log: ${job.name}`,
        page: <LogPage connection={model.connection} job={job} path={action.href} />
      })
    };
    // A page was read and verified as one member; another member's pages start afresh.
    model.identity.changed.connect(() => {
      for (const page of this.open.values()) {
        page.dispose();
      }
    });
  }

  /** Opens the page that belongs to an action; false where there is none. */
  show(action: Action, job: Job): boolean {
    const opener = this.openers[action.name];
    if (opener === undefined) {
      return false;
    }
    const { title, page } = opener(action, job);
    const key = `${title} ${action.method} ${this.model.path(job.id)}`;
    const shown = this.open.get(key);
    if (shown !== undefined) {
      this.app.shell.activateById(shown.id);
      return true;
    }
    const content = ReactWidget.create(page);
    content.addClass('jp-SecureJobs-scroll');
    const widget = new MainAreaWidget({ content });
    widget.title.label = title;
    widget.title.icon = secureJobsIcon;
    widget.title.closable = true;
    this.open.set(key, widget);
    widget.disposed.connect(() => this.open.delete(key));
    this.app.shell.add(widget, 'main');
    return true;
  }
}
