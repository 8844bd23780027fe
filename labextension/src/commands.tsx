import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import { bellIcon, listIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { AuditModel } from './audit/model';
import { AuditPage } from './audit/page';
import { idOf } from './api/ids';
import * as ids from './commandIds';
import { TABS, type Desk } from './desk';
import { jobCell } from './insert/declaration';
import { newJob } from './jobs/newJob';
import { JobsPage } from './jobs/page';
import type { NoticesModel } from './notices/model';
import { NoticesPage } from './notices/page';
import type { Pages } from './pages';
import type { Sidebar } from './sidebar/sidebar';
import { secureJobsIcon } from './ui/icons';
import { trans } from './ui/translation';

interface Parts {
  readonly app: JupyterFrontEnd;
  readonly desk: Desk;
  readonly sidebar: Sidebar;
  readonly pages: Pages;
  readonly notices: NoticesModel;
  readonly audit: AuditModel;
  readonly palette: ICommandPalette | null;
  readonly launcher: ILauncher | null;
}

function textOf(args: ReadonlyPartialJSONObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The pages of which there is one, by the id that the layout restorer keeps. */
function singlePages(parts: Parts): Readonly<Record<string, () => void>> {
  const { desk, pages, notices, audit } = parts;
  return {
    'secure-jobs-list': () => {
      pages.show('secure-jobs-list', trans.__('Jobs'), <JobsPage desk={desk} />);
    },
    'secure-jobs-audit': () => {
      pages.show(
        'secure-jobs-audit',
        trans.__('Audit log'),
        <AuditPage desk={desk} audit={audit} />
      );
    },
    'secure-jobs-notices': () => {
      pages.show(
        'secure-jobs-notices',
        trans.__('Notices'),
        <NoticesPage desk={desk} notices={notices} />
      );
    }
  };
}

/** A label that says whose command it is, but on a card of the launcher, which stands under that heading. */
function labelled(whole: string, short: string): (args: ReadonlyPartialJSONObject) => string {
  return args => (args['isLauncher'] === true ? short : whole);
}

function commandsOf(parts: Parts): Readonly<Record<string, CommandRegistry.ICommandOptions>> {
  const { app, desk, sidebar, pages, audit } = parts;
  const single = singlePages(parts);
  return {
    [ids.REFRESH]: {
      label: trans.__('Secure jobs: Refresh'),
      icon: refreshIcon,
      execute: () => desk.model.refresh()
    },
    [ids.NEW_JOB]: {
      label: labelled(trans.__('Secure jobs: New Job…'), trans.__('New job')),
      icon: secureJobsIcon,
      execute: () => newJob(desk)
    },
    'secure-jobs:focus': {
      label: trans.__('Secure jobs: Focus Sidebar'),
      icon: secureJobsIcon,
      execute: () => {
        app.shell.activateById(sidebar.id);
        // The palette gives the focus back to where it was before; this comes after it.
        window.setTimeout(() => {
          sidebar.node.querySelector<HTMLInputElement>('.jp-SecureJobs-filter')?.focus();
        });
      }
    },
    [ids.INSERT_CELL]: {
      label: trans.__('Secure jobs: Insert Notebook Job Cell'),
      icon: secureJobsIcon,
      execute: () =>
        desk.insertion.cell(jobCell(desk.model.current.datasets[0]?.name ?? 'a_dataset'))
    },
    [ids.OPEN_LIST]: {
      label: labelled(trans.__('Secure jobs: All Jobs'), trans.__('All jobs')),
      icon: args => (args['isLauncher'] === true ? secureJobsIcon : listIcon),
      execute: () => {
        single['secure-jobs-list']?.();
      }
    },
    [ids.OPEN_NOTICES]: {
      label: trans.__('Secure jobs: Notices'),
      icon: bellIcon,
      execute: () => {
        single['secure-jobs-notices']?.();
      }
    },
    [ids.OPEN_AUDIT]: {
      label: trans.__('Secure jobs: Audit Log'),
      execute: args => {
        audit.start(textOf(args, 'job'));
        single['secure-jobs-audit']?.();
      }
    },
    [ids.OPEN_PAGE]: {
      label: trans.__('Secure jobs: Open Page'),
      isVisible: () => false,
      execute: args => {
        single[textOf(args, 'page') ?? '']?.();
      }
    },
    [ids.OPEN_JOB]: {
      label: trans.__('Secure jobs: Open Job'),
      icon: secureJobsIcon,
      execute: args => {
        // Links, notebooks and kept layouts say these; what is no id opens the list.
        const workspace = idOf(args['workspace'] ?? desk.model.current.workspace);
        const job = idOf(args['job']);
        if (workspace === null || job === null) {
          desk.openList();
          return;
        }
        const tab = TABS.find(each => each === args['tab']);
        const run = idOf(args['run']);
        const wish = textOf(args, 'wish');
        pages.showJob(desk, workspace, job, {
          ...(wish === undefined ? {} : { wish }),
          ...(tab === undefined ? {} : { tab }),
          ...(run === null ? {} : { run })
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
    if (command !== ids.OPEN_PAGE) {
      parts.palette?.addItem({ command, category });
    }
  }
  const args = { isLauncher: true };
  parts.launcher?.add({ command: ids.NEW_JOB, category, args, rank: 1 });
  parts.launcher?.add({ command: ids.OPEN_LIST, category, args, rank: 2 });
}
