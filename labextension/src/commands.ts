import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { jobCell } from './insert/declaration';
import { insertTemplate } from './insert/template';
import { INSERT_CELL, INSERT_TEMPLATE, REFRESH } from './commandIds';
import type { Desk } from './sidebar/desk';
import type { Sidebar } from './sidebar/sidebar';
import { secureJobsIcon } from './ui/icons';

const CATEGORY = 'Secure jobs';

/** Makes every command of this extension and lists it in the palette; none has a default key. */
export function addCommands(
  app: JupyterFrontEnd,
  desk: Desk,
  sidebar: Sidebar,
  palette: ICommandPalette | null
): void {
  const commands: Readonly<Record<string, CommandRegistry.ICommandOptions>> = {
    [REFRESH]: {
      label: 'Secure jobs: Refresh',
      icon: refreshIcon,
      execute: () => desk.model.refresh()
    },
    [INSERT_TEMPLATE]: {
      label: 'Secure jobs: New Job from Starter Script…',
      icon: secureJobsIcon,
      execute: () => insertTemplate(desk.model, desk.insertion)
    },
    'secure-jobs:focus': {
      label: 'Secure jobs: Focus Sidebar',
      icon: secureJobsIcon,
      execute: () => {
        app.shell.activateById(sidebar.id);
        sidebar.node.querySelector<HTMLInputElement>('.jp-SecureJobs-filter')?.focus();
      }
    },
    [INSERT_CELL]: {
      label: 'Secure jobs: Insert Notebook Job Cell',
      icon: secureJobsIcon,
      execute: () =>
        desk.insertion.cell(jobCell(desk.model.current.datasets[0]?.declaration_sql ?? 'a_dataset'))
    }
  };
  for (const [command, options] of Object.entries(commands)) {
    app.commands.addCommand(command, options);
    palette?.addItem({ command, category: CATEGORY });
  }
}
