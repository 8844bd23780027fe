import type { IRouter } from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';

import { OPEN_JOB } from './commandIds';
import { idOf } from './api/ids';
import { TABS, type Tab } from './desk';

const FOLLOW = 'secure-jobs:follow-link';
const NAME = 'secure-job';
const PATTERN = /[?&]secure-job=[^&#]+/;

/** Where a link leads, or null if it is none of ours. */
export function placeOf(
  search: string
): { workspace: string; job: string; run?: string; tab?: Tab } | null {
  const query = new URLSearchParams(search);
  const [workspace, job, run] = (query.get(NAME) ?? '').split('/').map(idOf);
  if (workspace == null || job == null || run === null) {
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
