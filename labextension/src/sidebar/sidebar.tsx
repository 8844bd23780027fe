import {
  addIcon,
  fileIcon,
  listIcon,
  ReactWidget,
  refreshIcon,
  SidePanel,
  CommandToolbarButton
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { AccordionPanel, type Widget } from '@lumino/widgets';
import type { ReactElement } from 'react';

import { INSERT_CELL, NEW_JOB, OPEN_LIST, REFRESH } from '../commandIds';
import type { NoticesModel } from '../notices/model';
import type { Pages } from '../pages';
import { secureJobsIcon } from '../ui/icons';
import { trans } from '../ui/translation';
import type { Snapshot } from '../workspace/model';
import { Datasets } from './datasets';
import type { Desk } from '../desk';
import { Header } from './header';
import { FrontInputs } from './inputs';
import { Jobs } from './jobs';
import { Pinned } from './pinned';

function section(title: string, element: ReactElement): Widget {
  const widget = ReactWidget.create(element);
  widget.title.label = title;
  widget.addClass('jp-SecureJobs-scroll');
  return widget;
}

/** The left sidebar: one accordion over one workspace, with the count of decisions owed on its tab. */
export class Sidebar extends SidePanel {
  constructor(desk: Desk, commands: CommandRegistry, pages: Pages, notices: NoticesModel) {
    super();
    this.id = 'jupyter-secure-jobs-sidebar';
    this.addClass('jp-SecureJobs');
    this.title.icon = secureJobsIcon;
    this.header.addWidget(
      ReactWidget.create(<Header model={desk.model} notices={notices} commands={commands} />)
    );
    this.addWidget(section(trans.__('Jobs'), <Jobs desk={desk} />));
    this.addWidget(section(trans.__('Datasets'), <Datasets desk={desk} />));
    this.addWidget(section(trans.__('Input variables'), <FrontInputs pages={pages} />));
    this.addWidget(section(trans.__('Pinned queries'), <Pinned desk={desk} />));
    this.makeRoomForJobs();
    const buttons = [
      [NEW_JOB, trans.__('New job'), addIcon],
      [INSERT_CELL, trans.__('Cell'), fileIcon],
      [OPEN_LIST, trans.__('All jobs'), listIcon],
      [REFRESH, '', refreshIcon]
    ] as const;
    for (const [id, label, icon] of buttons) {
      this.toolbar.addItem(id, new CommandToolbarButton({ commands, id, label, icon }));
    }
    desk.model.changed.connect((_, shown) => {
      this.count(shown);
    });
    this.count(desk.model.current);
  }

  /** Jobs and datasets are what people come for; the rest waits folded. */
  private makeRoomForJobs(): void {
    if (this.content instanceof AccordionPanel) {
      this.content.collapse(2);
      this.content.collapse(3);
      // A folded part keeps a share, or it would unfold to nothing.
      this.content.setRelativeSizes([3, 1, 1, 1]);
    }
  }

  private count(shown: Snapshot): void {
    const owed = shown.counts?.needs_me ?? 0;
    const caption =
      owed === 0
        ? trans.__('Secure jobs')
        : trans._n('Secure jobs: %1 decision owed', 'Secure jobs: %1 decisions owed', owed);
    if (this.title.caption !== caption) {
      this.title.caption = caption;
      this.title.dataset = { ...this.title.dataset, owed: owed === 0 ? '' : String(owed) };
    }
  }
}
