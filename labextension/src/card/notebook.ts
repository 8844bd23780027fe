import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification, type ICommandPalette } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { CommandToolbarButton } from '@jupyterlab/ui-components';

import { INSERT_CELL, OPEN_CARD } from '../commandIds';
import type { Desk } from '../desk';
import { secureJobsIcon } from '../ui/icons';
import { trans } from '../ui/translation';
import { SharedJobs } from './jobs';
import { followLanguages } from './language';
import { referenceIn } from './reference';
import { cardFactory } from './widget';

const NOTICE_MILLISECONDS = 4000;
/** After the buttons that run cells, before the choice of a cell's type. */
const TOOLBAR_PLACE = 9;

interface Parts {
  readonly app: JupyterFrontEnd;
  readonly desk: Desk;
  readonly notebooks: INotebookTracker;
  readonly rendermime: IRenderMimeRegistry | null;
  readonly palette: ICommandPalette | null;
}

function openCard(desk: Desk, notebooks: INotebookTracker): void {
  const reference = referenceIn(notebooks.activeCell?.model.toJSON());
  if (reference === null) {
    Notification.info(trans.__('The active cell shows no job: run it, or choose another cell.'), {
      autoClose: NOTICE_MILLISECONDS
    });
    return;
  }
  const { workspace, job, run } = reference;
  desk.openJob(workspace, job, run === null ? {} : { tab: 'query', run });
}

/** What notebooks get: live cards, a toolbar button, a command for the active cell, SQL shown as SQL. */
export function addToNotebooks(parts: Parts): void {
  const { app, desk, notebooks, rendermime, palette } = parts;
  const { commands } = app;
  rendermime?.addFactory(cardFactory(desk, new SharedJobs(desk.model)));
  commands.addCommand(OPEN_CARD, {
    label: trans.__('Secure jobs: Open Job Page of Active Cell'),
    icon: secureJobsIcon,
    isEnabled: () => notebooks.activeCell !== null,
    execute: () => {
      openCard(desk, notebooks);
    }
  });
  palette?.addItem({ command: OPEN_CARD, category: trans.__('Secure jobs') });
  app.contextMenu.addItem({ command: OPEN_CARD, selector: '.jp-SecureJobs-card', rank: 0 });
  const equip = (panel: NotebookPanel): void => {
    const button = new CommandToolbarButton({
      commands,
      id: INSERT_CELL,
      label: trans.__('Secure job'),
      icon: secureJobsIcon,
      caption: trans.__('Insert a cell that writes a secure job')
    });
    panel.toolbar.insertItem(TOOLBAR_PLACE, INSERT_CELL, button);
    followLanguages(panel.content);
  };
  notebooks.widgetAdded.connect((_, panel) => {
    equip(panel);
  });
  notebooks.forEach(equip);
}
