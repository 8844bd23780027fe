import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import type { ReactElement } from 'react';

import type { Desk, Place } from './desk';
import type { OpenEditor } from './insert/insertion';
import { JobWidget } from './job/widget';
import { secureJobsIcon } from './ui/icons';

/** The pages of the main area: one tab for each thing shown, found again when asked for twice. */
export class Pages {
  readonly jobs = new WidgetTracker<MainAreaWidget<JobWidget>>({ namespace: 'secure-jobs-job' });
  readonly others = new WidgetTracker<MainAreaWidget>({ namespace: 'secure-jobs-page' });
  /** Told when another page came to the front. */
  readonly frontChanged = new Signal<this, void>(this);
  private readonly app: JupyterFrontEnd;

  constructor(app: JupyterFrontEnd) {
    this.app = app;
    app.shell.currentChanged?.connect(() => {
      this.frontChanged.emit();
    });
  }

  /** The job page in front, if it is one. */
  get front(): JobWidget | null {
    const shown = this.app.shell.currentWidget;
    return this.jobs.find(each => each === shown)?.content ?? null;
  }

  /** Brings back, after a reload, the pages that were open. */
  restore(restorer: ILayoutRestorer, openJob: string, openPage: string): void {
    void restorer.restore(this.jobs, {
      command: openJob,
      args: ({ content }) => ({
        workspace: content.job.workspace,
        job: content.job.id,
        ...content.where
      }),
      name: ({ content }) => `${content.job.workspace}/${content.job.id}`
    });
    void restorer.restore(this.others, {
      command: openPage,
      args: ({ id }) => ({ page: id }),
      name: ({ id }) => id
    });
  }

  /** The editor of the job page in front, if it may be written in. */
  editorInFront(): OpenEditor | null {
    return this.front?.openEditor ?? null;
  }

  /** Opens a job's page, or brings it to the front and goes to the place. */
  showJob(desk: Desk, workspace: string, job: string, place: Place): void {
    const shown = this.jobs.find(({ content }) => content.job.id === job);
    if (shown !== undefined) {
      shown.content.go(place);
      this.app.shell.activateById(shown.id);
      return;
    }
    const content = new JobWidget(desk, workspace, job, place);
    const widget = new MainAreaWidget({ content });
    widget.id = `secure-job-${job}`;
    widget.title.icon = secureJobsIcon;
    widget.title.closable = true;
    content.moved.connect(() => {
      void this.jobs.save(widget);
    });
    content.named.connect((_, name) => {
      widget.title.label = name;
      widget.title.caption = name;
    });
    void this.jobs.add(widget);
    this.app.shell.add(widget, 'main');
  }

  /** Opens a page of which there is one. */
  show(id: string, title: string, page: ReactElement): void {
    const shown = this.others.find(each => each.id === id);
    if (shown !== undefined) {
      this.app.shell.activateById(shown.id);
      return;
    }
    const content = ReactWidget.create(page);
    content.addClass('jp-SecureJobs-scroll');
    const widget = new MainAreaWidget({ content });
    widget.id = id;
    widget.title.label = title;
    widget.title.icon = secureJobsIcon;
    widget.title.closable = true;
    void this.others.add(widget);
    this.app.shell.add(widget, 'main');
  }
}
