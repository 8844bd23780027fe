import type { CodeEditor } from '@jupyterlab/codeeditor';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { ReactElement } from 'react';

import type { Desk, Place } from '../desk';
import { DraftModel } from '../draft/model';
import type { OpenEditor } from '../insert/insertion';
import { trans } from '../ui/translation';
import { JobModel } from './model';
import { JobPage } from './page';
import { JobPlace } from './places';

/** One job's page as a widget of JupyterLab, with the models that live as long as it. */
export class JobWidget extends ReactWidget {
  /** Told when the reader went to another place in the page. */
  readonly moved = new Signal<this, void>(this);
  /** Told the job's name, once it is known and when it changes. */
  readonly named = new Signal<this, string>(this);
  readonly job: JobModel;
  readonly draft: DraftModel;
  private readonly desk: Desk;
  private readonly place: JobPlace;
  private editor: CodeEditor.IEditor | null = null;

  constructor(desk: Desk, workspace: string, job: string, place: Place) {
    super();
    this.addClass('jp-SecureJobs-jobwidget');
    this.desk = desk;
    this.job = new JobModel(desk.model, workspace, job);
    this.draft = new DraftModel(desk.model, this.job, desk.memory);
    this.place = new JobPlace(place);
    this.place.changed.connect(() => {
      this.moved.emit();
    });
    this.job.changed.connect((_, { detail }) => {
      if (detail !== null) {
        this.named.emit(detail.name);
      }
    });
  }

  /** The editor, while it may be written in. */
  get openEditor(): OpenEditor | null {
    const detail = this.job.current.detail;
    return this.editor === null || detail === null
      ? null
      : { editor: this.editor, language: detail.version.language };
  }

  /** Where in the page the reader is, to come back to. */
  get where(): Place {
    const { tab, run } = this.place.current;
    return run === null ? { tab } : { tab, run };
  }

  private enter(): void {
    const { workspace } = this.desk.model.current;
    if (workspace !== null && workspace !== this.job.workspace) {
      this.desk.model.enter(this.job.workspace);
    }
  }

  go(place: Place): void {
    this.place.go(place);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.draft.dispose();
      this.job.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  /** The page in front decides which workspace's datasets and scripts stand beside it. */
  protected override onAfterShow(message: Message): void {
    this.enter();
    super.onAfterShow(message);
  }

  protected override onBeforeAttach(message: Message): void {
    this.enter();
    this.named.emit(this.job.current.detail?.name ?? trans.__('Job'));
    super.onBeforeAttach(message);
  }

  protected override render(): ReactElement {
    return (
      <JobPage
        desk={this.desk}
        job={this.job}
        draft={this.draft}
        place={this.place}
        opened={editor => {
          this.editor = editor;
        }}
      />
    );
  }
}
