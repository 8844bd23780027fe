import { Clipboard, Notification } from '@jupyterlab/apputils';
import { NotebookActions, type INotebookTracker } from '@jupyterlab/notebook';

import type { Dataset } from '../api/shapes';
import { languageOf } from './declaration';

/** Puts text into the notebook in front; without one, onto the clipboard, and says so. */
export class NotebookInsertion {
  private readonly tracker: INotebookTracker;

  constructor(tracker: INotebookTracker) {
    this.tracker = tracker;
  }

  /** A dataset's declaration at the cursor, in the language of the cell. */
  dataset(dataset: Dataset): void {
    const source = this.tracker.activeCell?.model.sharedModel.getSource() ?? '';
    const declarations = { python: dataset.declaration_python, sql: dataset.declaration_sql };
    this.text(declarations[languageOf(source)]);
  }

  /** Any text at the cursor of the active cell. */
  text(text: string): void {
    const cell = this.tracker.activeCell;
    const editor = cell?.editor;
    if (
      cell == null ||
      editor == null ||
      cell.model.sharedModel.getMetadata('editable') === false
    ) {
      Clipboard.copyToSystem(text);
      Notification.info('Copied: no notebook cell is open to insert it into.', { autoClose: 4000 });
      return;
    }
    editor.replaceSelection?.(text);
    editor.focus();
  }

  /** A new code cell below the active one, with the cursor at its end. */
  async cell(source: string): Promise<void> {
    const notebook = this.tracker.currentWidget?.content;
    if (notebook === undefined) {
      Notification.warning('Open a notebook first: a job cell needs one to stand in.', {
        autoClose: 4000
      });
      return;
    }
    NotebookActions.insertBelow(notebook);
    notebook.activeCell?.model.sharedModel.setSource(source);
    await NotebookActions.focusActiveCell(notebook);
    const editor = notebook.activeCell?.editor;
    const end = editor?.getPositionAt(source.length);
    if (editor != null && end !== undefined) {
      editor.setCursorPosition(end);
    }
  }
}
