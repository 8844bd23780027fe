import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { Connection } from './api/connection';
import { addCommands } from './commands';
import { NotebookInsertion } from './insert/notebook';
import { Pages } from './pages';
import { Sidebar } from './sidebar/sidebar';
import { Identity } from './workspace/identity';
import { WorkspaceModel } from './workspace/model';

const RANK = 600;
const NOTICE_MILLISECONDS = 5000;

/** The sidebar, its pages and its commands. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-secure-jobs:plugin',
  description: 'Secure notebook jobs: sidebar, review and results.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const identity = new Identity();
    const connection = new Connection(app.serviceManager.serverSettings, () => identity.email);
    const model = new WorkspaceModel(connection, identity);
    const pages = new Pages(app, model);
    const desk = {
      model,
      insertion: new NotebookInsertion(notebooks),
      openPage: pages.show.bind(pages),
      openRuns: pages.showRuns.bind(pages)
    };
    model.ended.connect((_, sentence) => {
      Notification.info(sentence, { autoClose: NOTICE_MILLISECONDS });
    });
    const sidebar = new Sidebar(desk, app.commands);
    app.shell.add(sidebar, 'left', { rank: RANK });
    restorer?.add(sidebar, sidebar.id);
    addCommands(app, desk, sidebar, palette);
  }
};

export default plugin;
