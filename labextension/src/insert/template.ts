import { InputDialog } from '@jupyterlab/apputils';

import type { Script } from '../api/shapes';
import { trans } from '../ui/translation';
import type { WorkspaceModel } from '../workspace/model';

/** Asks for one of the starter scripts of the workspace at `place`; null if none was chosen. */
export async function chooseScript(model: WorkspaceModel, place: string): Promise<Script | null> {
  const scripts = await model.connection.all<Script>(`${place}/starter-scripts`);
  const titles = scripts.map(each => `${each.title} (${each.language})`);
  const answer = await InputDialog.getItem({
    title: trans.__('Starter scripts'),
    label: trans.__('Ready drafts, filled in with this workspace’s tables'),
    items: titles,
    okLabel: trans.__('Insert')
  });
  return answer.button.accept ? (scripts[titles.indexOf(answer.value ?? '')] ?? null) : null;
}
