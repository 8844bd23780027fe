import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { NotebookActions, type INotebookTracker } from '@jupyterlab/notebook';

import type { Dataset } from '../api/shapes';
import { trans } from '../ui/translation';
import { languageOf, type Language } from './declaration';

const NOTICE_MILLISECONDS = 4000;

/** An editor of a job page that can be written in. */
export interface OpenEditor {
  readonly editor: CodeEditor.IEditor;
  readonly language: Language;
}

/**
 * Puts text where the author works: the job page in front, else the notebook's active cell; without
 * either, onto the clipboard, and says so.
 */
export class Insertion {
  /** The editor of the job page in front, if it may be written in. */
  private readonly inFront: () => OpenEditor | null;
  private readonly tracker: INotebookTracker;

  constructor(tracker: INotebookTracker, inFront: () => OpenEditor | null) {
    this.tracker = tracker;
    this.inFront = inFront;
  }

  /** A dataset's declaration at the cursor, in the language of the editor or cell. */
  dataset(dataset: Dataset): void {
    const cell = this.tracker.activeCell?.model.sharedModel.getSource() ?? '';
    const declarations = { python: dataset.declaration_python, sql: dataset.declaration_sql };
    this.text(declarations[this.inFront()?.language ?? languageOf(cell)]);
  }

  /** Any text at the cursor. */
  text(text: string): void {
    const editor = this.inFront()?.editor ?? this.cellEditor();
    if (editor === null) {
      Clipboard.copyToSystem(text);
      Notification.info(trans.__('Copied: no editor is open to insert it into.'), {
        autoClose: NOTICE_MILLISECONDS
      });
      return;
    }
    editor.replaceSelection?.(text);
    editor.focus();
  }

  /** A new code cell below the active one, with the cursor at its end. */
  async cell(source: string): Promise<void> {
    const notebook = this.tracker.currentWidget?.content;
    if (notebook === undefined) {
      Notification.warning(trans.__('Open a notebook first: a job cell needs one to stand in.'), {
        autoClose: NOTICE_MILLISECONDS
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

  private cellEditor(): CodeEditor.IEditor | null {
    const cell = this.tracker.activeCell;
    return cell?.model.sharedModel.getMetadata('editable') === false
      ? null
      : (cell?.editor ?? null);
  }
}
