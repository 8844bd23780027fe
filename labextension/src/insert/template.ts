import { InputDialog } from '@jupyterlab/apputils';

import type { Script } from '../api/shapes';
import { trans } from '../ui/translation';
import type { WorkspaceModel } from '../workspace/model';

/** Asks for one of the workspace's starter scripts; null if none was chosen. */
export async function chooseScript(model: WorkspaceModel): Promise<Script | null> {
  const scripts = await model.connection.all<Script>(model.path('starter-scripts'));
  const titles = scripts.map(each => `${each.title} (${each.language})`);
  const answer = await InputDialog.getItem({
    title: trans.__('Starter scripts'),
    label: trans.__('Ready drafts, filled in with this workspace’s tables'),
    items: titles,
    okLabel: trans.__('Insert')
  });
  return answer.button.accept ? (scripts[titles.indexOf(answer.value ?? '')] ?? null) : null;
}
