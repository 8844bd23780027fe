import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Action, Job, Run } from './api/shapes';
import { INSERT_TEMPLATE } from './commandIds';
import { DraftPage } from './draft/page';
import { ReviewPage } from './review/page';
import { RunHistory } from './runs/history';
import { LogPage, ResultPage } from './runs/pages';
import { secureJobsIcon } from './ui/icons';
import type { WorkspaceModel } from './workspace/model';

type Opener = (action: Action, job: Job) => void;

/** The main-area pages: one tab for each thing shown, found again when asked for twice. */
export class Pages {
  private readonly app: JupyterFrontEnd;
  private readonly model: WorkspaceModel;
  private readonly openers: Readonly<Record<string, Opener>>;
  private readonly shown = new Map<string, MainAreaWidget>();

  constructor(app: JupyterFrontEnd, model: WorkspaceModel) {
    this.app = app;
    this.model = model;
    const review: Opener = (_, job) => {
      this.open(`Review: ${job.name}`, `review ${job.id}`, <ReviewPage model={model} job={job} />);
    };
    const draft: Opener = (_, job) => {
      const path = `workspaces/${encodeURIComponent(job.workspace)}/jobs/${encodeURIComponent(job.id)}`;
      this.open(
        `Draft: ${job.name}`,
        `draft ${job.id}`,
        <DraftPage model={model} job={job} path={path} />
      );
    };
    this.openers = {
      edit: draft,
      request_reruns: draft,
      starter_scripts: () => {
        void app.commands.execute(INSERT_TEMPLATE);
      },
      accept: review,
      decline: review,
      view_results: (action, job) => {
        this.showResult(job.name, action.href);
      },
      view_logs: (action, job) => {
        this.showLog(job.name, action.href);
      }
    };
    // A page was read and verified as one member; another member's pages start afresh.
    model.identity.changed.connect(() => {
      for (const page of [...this.shown.values()]) {
        page.dispose();
      }
    });
  }

  /** Opens the page that belongs to an action; false where there is none. */
  show(action: Action, job: Job): boolean {
    const opener = this.openers[action.name];
    opener?.(action, job);
    return opener !== undefined;
  }

  /** Opens the history of a job's runs. */
  showRuns(job: Job): void {
    const path = `workspaces/${encodeURIComponent(job.workspace)}`;
    const outcome = (run: Run, part: 'result' | 'log'): void => {
      const where = `member/${path}/runs/${encodeURIComponent(run.id)}/${part}`;
      const name = `${run.job_name}, ${run.kind} run ${run.number}`;
      if (part === 'log') {
        this.showLog(name, where);
      } else {
        this.showResult(name, where);
      }
    };
    this.open(
      `Runs: ${job.name}`,
      `runs ${job.id}`,
      <RunHistory
        model={this.model}
        job={job}
        path={`${path}/jobs/${encodeURIComponent(job.id)}`}
        open={outcome}
      />
    );
  }

  private showResult(name: string, path: string): void {
    const title = `Results: ${name}`;
    this.open(
      title,
      path,
      <ResultPage connection={this.model.connection} title={title} path={path} />
    );
  }

  private showLog(name: string, path: string): void {
    const title = `Log: ${name}`;
    this.open(
      title,
      path,
      <LogPage connection={this.model.connection} title={title} path={path} />
    );
  }

  private open(title: string, key: string, page: ReactElement): void {
    const shown = this.shown.get(key);
    if (shown !== undefined) {
      this.app.shell.activateById(shown.id);
      return;
    }
    const content = ReactWidget.create(page);
    content.addClass('jp-SecureJobs-scroll');
    const widget = new MainAreaWidget({ content });
    widget.title.label = title;
    widget.title.icon = secureJobsIcon;
    widget.title.closable = true;
    this.shown.set(key, widget);
    widget.disposed.connect(() => this.shown.delete(key));
    this.app.shell.add(widget, 'main');
  }
}
