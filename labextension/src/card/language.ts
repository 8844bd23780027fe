import type { Notebook } from '@jupyterlab/notebook';

import { languageOf } from '../insert/declaration';

const SQL = 'text/x-sql';
const MAGIC = '%%securejob';

/** Shows the text of job cells in SQL as SQL; what a cell was before, it is again when its first line changes. */
export function followLanguages(notebook: Notebook): void {
  const before = new WeakMap<object, string>();
  const follow = (): void => {
    for (const { model } of notebook.widgets) {
      // A kernel that comes up gives all cells its own language: that is heard too.
      model.mimeTypeChanged.connect(follow);
      const source = model.sharedModel.getSource();
      const sql = source.trimStart().startsWith(MAGIC) && languageOf(source) === 'sql';
      const kept = before.get(model);
      if (sql && model.mimeType !== SQL) {
        before.set(model, model.mimeType);
        model.mimeType = SQL;
      } else if (!sql && kept !== undefined) {
        before.delete(model);
        model.mimeType = kept;
      }
    }
  };
  notebook.modelContentChanged.connect(follow);
  notebook.modelChanged.connect(follow);
}
