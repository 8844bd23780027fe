import { ReactWidget, refreshIcon, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';
import type { ReactElement } from 'react';

import { secureJobsIcon } from '../ui/icons';
import type { Snapshot } from '../workspace/model';
import { Datasets } from './datasets';
import type { Desk } from './desk';
import { Header } from './header';
import { Inputs } from './inputs';
import { Jobs } from './jobs';
import { Pinned } from './pinned';

const CAPTION = 'Secure jobs';

function section(title: string, element: ReactElement): Widget {
  const widget = ReactWidget.create(element);
  widget.title.label = title;
  widget.addClass('jp-SecureJobs-scroll');
  return widget;
}

/** The left sidebar: one accordion over one workspace, with the count of decisions owed on its tab. */
export class Sidebar extends SidePanel {
  constructor(desk: Desk) {
    super();
    this.id = 'jupyter-secure-jobs-sidebar';
    this.addClass('jp-SecureJobs');
    this.title.icon = secureJobsIcon;
    this.header.addWidget(ReactWidget.create(<Header model={desk.model} />));
    this.addWidget(section('Jobs', <Jobs desk={desk} />));
    this.addWidget(section('Datasets', <Datasets desk={desk} />));
    this.addWidget(section('Input variables', <Inputs desk={desk} />));
    this.addWidget(section('Pinned queries', <Pinned desk={desk} />));
    this.toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: 'Refresh secure jobs',
        onClick: () => void desk.model.refresh()
      })
    );
    desk.model.changed.connect((_, shown) => {
      this.count(shown);
    });
    this.count(desk.model.current);
  }

  private count(shown: Snapshot): void {
    const owed = shown.jobs.filter(job => job.needs_me).length;
    const caption =
      owed === 0 ? CAPTION : `${CAPTION}: ${owed} ${owed === 1 ? 'decision' : 'decisions'} owed`;
    if (this.title.caption !== caption) {
      this.title.caption = caption;
      this.title.dataset = { ...this.title.dataset, owed: owed === 0 ? '' : String(owed) };
    }
  }
}
