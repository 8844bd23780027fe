import type { IRouter } from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';

import { OPEN_JOB } from './commandIds';
import { TABS, type Tab } from './desk';

const FOLLOW = 'secure-jobs:follow-link';
const NAME = 'secure-job';
const PATTERN = /[?&]secure-job=[^&#]+/;

/** The address below the page's own that opens a job, or one of its runs: `?secure-job=WORKSPACE/JOB/RUN`. */
export function linkTo(workspace: string, job: string, run?: string): string {
  const parts = [workspace, job, ...(run === undefined ? [] : [run])];
  return `${NAME}=${parts.map(encodeURIComponent).join('/')}`;
}

/** Where a link leads, or null if it is none of ours. */
export function placeOf(
  search: string
): { workspace: string; job: string; run?: string; tab?: Tab } | null {
  const query = new URLSearchParams(search);
  const [workspace, job, run] = (query.get(NAME) ?? '')
    .split('/')
    .map(part => decodeURIComponent(part));
  if (workspace === undefined || job === undefined || workspace === '' || job === '') {
    return null;
  }
  const tab = TABS.find(each => each === query.get('tab'));
  return {
    workspace,
    job,
    ...(run === undefined ? {} : { run }),
    ...(tab === undefined ? {} : { tab })
  };
}

/** Opens the job that the page's address names, once JupyterLab has brought back its layout. */
export function followLinks(commands: CommandRegistry, router: IRouter): void {
  commands.addCommand(FOLLOW, {
    execute: async () => {
      const { path, search, hash } = router.current;
      const place = placeOf(search ?? '');
      if (place !== null) {
        const rest = new URLSearchParams(search);
        rest.delete(NAME);
        rest.delete('tab');
        const query = rest.toString();
        router.navigate(`${path}${query === '' ? '' : `?${query}`}${hash}`, {
          skipRouting: true
        });
        await commands.execute(OPEN_JOB, place);
      }
    }
  });
  router.register({ command: FOLLOW, pattern: PATTERN });
}
