import { InputDialog } from '@jupyterlab/apputils';

import type { Script } from '../api/shapes';
import type { WorkspaceModel } from '../workspace/model';
import { scriptCell } from './declaration';
import type { NotebookInsertion } from './notebook';

/** Asks for one of the workspace's starter scripts and puts it into the notebook as a job cell. */
export async function insertTemplate(
  model: WorkspaceModel,
  insertion: NotebookInsertion
): Promise<void> {
  const scripts = await model.connection.all<Script>(model.path('starter-scripts'));
  const titles = scripts.map(each => `${each.title} (${each.language})`);
  const answer = await InputDialog.getItem({
    title: 'New job from a starter script',
    label: 'Starter script',
    items: titles,
    okLabel: 'Insert'
  });
  const script = scripts[titles.indexOf(answer.value ?? '')];
  if (answer.button.accept && script !== undefined) {
    await insertion.cell(scriptCell(script.title, script.language, script.code));
  }
}
