import {
  ILayoutRestorer,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Connection } from './api/connection';
import { AuditModel } from './audit/model';
import { addToNotebooks } from './card/notebook';
import { OPEN_AUDIT, OPEN_JOB, OPEN_LIST, OPEN_NOTICES, OPEN_PAGE } from './commandIds';
import { addCommands } from './commands';
import type { Desk } from './desk';
import { Insertion } from './insert/insertion';
import { followLinks } from './links';
import { NoticesModel } from './notices/model';
import { Pages } from './pages';
import { Sidebar } from './sidebar/sidebar';
import { Memory } from './ui/memory';
import { speak } from './ui/translation';
import { Identity } from './workspace/identity';
import { WorkspaceModel } from './workspace/model';

const RANK = 600;

/** The sidebar, the pages and their commands. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-secure-jobs:plugin',
  description: 'Secure notebook jobs: sidebar, job pages, review and results.',
  autoStart: true,
  requires: [INotebookTracker, IEditorServices, IRenderMimeRegistry],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ILauncher, IRouter],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    editors: IEditorServices,
    renderers: IRenderMimeRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    launcher: ILauncher | null,
    router: IRouter | null
  ): void => {
    speak(translator ?? nullTranslator);
    const identity = new Identity();
    const connection = new Connection(app.serviceManager.serverSettings, () => identity.email);
    const pages = new Pages(app);
    const desk: Desk = {
      model: new WorkspaceModel(connection, identity),
      insertion: new Insertion(notebooks, () => pages.editorInFront()),
      editors,
      renderers,
      memory: new Memory(window.localStorage),
      openJob: (workspace, job, place = {}) => {
        void app.commands.execute(OPEN_JOB, { workspace, job, ...place });
      },
      openList: () => {
        void app.commands.execute(OPEN_LIST);
      },
      openAudit: job => {
        void app.commands.execute(OPEN_AUDIT, job === undefined ? {} : { job });
      }
    };
    const audit = new AuditModel();
    const notices = new NoticesModel(desk, () => {
      void app.commands.execute(OPEN_NOTICES);
    });
    const sidebar = new Sidebar(desk, app.commands, pages, notices);
    app.shell.add(sidebar, 'left', { rank: RANK });
    restorer?.add(sidebar, sidebar.id);
    addCommands({ app, desk, sidebar, pages, notices, audit, palette, launcher });
    addToNotebooks({ app, desk, notebooks, rendermime: renderers, palette });
    if (restorer !== null) {
      pages.restore(restorer, OPEN_JOB, OPEN_PAGE);
    }
    if (router !== null) {
      followLinks(app.commands, router);
    }
  }
};

export default plugin;
