import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, type ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { JobDetail } from './api/shapes';
import * as ids from './commandIds';
import { TABS, type Desk } from './desk';
import { jobCell } from './insert/declaration';
import { chooseScript } from './insert/template';
import type { Pages } from './pages';
import type { Sidebar } from './sidebar/sidebar';
import { secureJobsIcon } from './ui/icons';
import { trans } from './ui/translation';

interface Parts {
  readonly app: JupyterFrontEnd;
  readonly desk: Desk;
  readonly sidebar: Sidebar;
  readonly pages: Pages;
  readonly palette: ICommandPalette | null;
  readonly launcher: ILauncher | null;
}

function textOf(args: ReadonlyPartialJSONObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Makes a job with a first draft from a starter script, and opens its page. */
async function newJob(desk: Desk): Promise<void> {
  const script = await chooseScript(desk.model);
  if (script === null) {
    return;
  }
  const answer = await InputDialog.getText({
    title: trans.__('New job'),
    label: trans.__('Name of the job (at most 50 characters)'),
    text: script.title,
    okLabel: trans.__('Create draft')
  });
  const name = answer.value?.trim() ?? '';
  if (answer.button.accept && name !== '') {
    const made = await desk.model.connection.json<JobDetail>(desk.model.path('jobs'), {
      method: 'POST',
      body: { name, language: script.language, code: script.code }
    });
    desk.openJob(made.workspace, made.id);
    await desk.model.refresh();
  }
}

function commandsOf(parts: Parts): Readonly<Record<string, CommandRegistry.ICommandOptions>> {
  const { app, desk, sidebar, pages } = parts;
  return {
    [ids.REFRESH]: {
      label: trans.__('Secure jobs: Refresh'),
      icon: refreshIcon,
      execute: () => desk.model.refresh()
    },
    [ids.NEW_JOB]: {
      label: trans.__('Secure jobs: New Job from Starter Script…'),
      icon: secureJobsIcon,
      execute: () => newJob(desk)
    },
    'secure-jobs:focus': {
      label: trans.__('Secure jobs: Focus Sidebar'),
      icon: secureJobsIcon,
      execute: () => {
        app.shell.activateById(sidebar.id);
        sidebar.node.querySelector<HTMLInputElement>('.jp-SecureJobs-filter')?.focus();
      }
    },
    [ids.INSERT_CELL]: {
      label: trans.__('Secure jobs: Insert Notebook Job Cell'),
      icon: secureJobsIcon,
      execute: () =>
        desk.insertion.cell(jobCell(desk.model.current.datasets[0]?.declaration_sql ?? 'a_dataset'))
    },
    [ids.OPEN_LIST]: { label: trans.__('Secure jobs: All Jobs'), execute: () => undefined },
    [ids.OPEN_JOB]: {
      label: trans.__('Secure jobs: Open Job'),
      icon: secureJobsIcon,
      execute: args => {
        const workspace = textOf(args, 'workspace') ?? desk.model.current.workspace;
        const job = textOf(args, 'job');
        if (workspace === null || job === undefined) {
          desk.openList();
          return;
        }
        const tab = TABS.find(each => each === args['tab']);
        const run = textOf(args, 'run');
        pages.showJob(desk, workspace, job, {
          ...(tab === undefined ? {} : { tab }),
          ...(run === undefined ? {} : { run })
        });
      }
    }
  };
}

/** Makes every command of this extension and lists those without arguments in the palette; none has a default key. */
export function addCommands(parts: Parts): void {
  const category = trans.__('Secure jobs');
  for (const [command, options] of Object.entries(commandsOf(parts))) {
    parts.app.commands.addCommand(command, options);
    parts.palette?.addItem({ command, category });
  }
  parts.launcher?.add({ command: ids.NEW_JOB, category });
}
