import { closeBrackets } from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import { CodeEditor, type IEditorServices } from '@jupyterlab/codeeditor';
import { useEffect, useId, useRef, type ReactElement } from 'react';

import type { Language } from '../insert/declaration';
import { trans } from '../ui/translation';
import { visibleCharacters } from './visible';

export const MIME_TYPES: Readonly<Record<Language, string>> = {
  python: 'text/x-python',
  sql: 'text/x-sql'
};

/** Text that cannot be edited needs no tabs typed: Tab goes on to what follows. */
const leftByTab = ViewPlugin.define(view => {
  // The view hears no keys before it is made.
  queueMicrotask(() => {
    view.setTabFocusMode(true);
  });
  return {};
});

/** What makes a code view of this extension: one that a reader can trust, search and leave. */
export function codeView(label: string, readOnly: boolean, about?: string): Extension {
  return [
    visibleCharacters(),
    EditorView.contentAttributes.of({
      'aria-label': label,
      'aria-readonly': String(readOnly),
      ...(about === undefined ? {} : { 'aria-describedby': about })
    }),
    readOnly ? leftByTab : closeBrackets()
  ];
}

interface EditorProps {
  readonly services: IEditorServices;
  readonly label: string;
  readonly language: Language;
  /** The text as the server has it; another one replaces what the editor holds. */
  readonly value: string;
  readonly readOnly: boolean;
  readonly change?: (text: string) => void;
  /** More of CodeMirror; it is read when the editor is made. */
  readonly extensions?: readonly Extension[];
  /** Told the editor when it is there, and null when it goes. */
  readonly opened?: (editor: CodeEditor.IEditor | null) => void;
}

/** JupyterLab's own editor for one text, with its theme, key map and language support. */
export function JobEditor(props: EditorProps): ReactElement {
  const { services, label, language, value, readOnly, extensions } = props;
  const host = useRef<HTMLDivElement>(null);
  const newest = useRef(props);
  const model = useRef<CodeEditor.Model | null>(null);
  const first = useRef(value);
  const about = useId();
  useEffect(() => {
    newest.current = props;
  });
  useEffect(() => {
    if (host.current === null) {
      return undefined;
    }
    const text = new CodeEditor.Model({ mimeType: MIME_TYPES[language] });
    text.sharedModel.setSource(first.current);
    model.current = text;
    const editor = services.factoryService.newDocumentEditor({
      host: host.current,
      model: text,
      config: {
        lineNumbers: true,
        lineWrap: true,
        readOnly,
        scrollPastEnd: false,
        searchWithCM: true
      },
      extensions: [codeView(label, readOnly, about), ...(extensions ?? [])]
    });
    text.sharedModel.changed.connect(() => {
      const now = text.sharedModel.getSource();
      first.current = now;
      if (now !== newest.current.value) {
        newest.current.change?.(now);
      }
    });
    newest.current.opened?.(editor);
    return () => {
      newest.current.opened?.(null);
      model.current = null;
      editor.dispose();
      text.dispose();
    };
  }, [services, label, language, readOnly, extensions, about]);
  useEffect(() => {
    first.current = value;
    const shared = model.current?.sharedModel;
    if (shared !== undefined && shared.getSource() !== value) {
      shared.setSource(value);
    }
  }, [value]);
  return (
    <>
      <p id={about} hidden>
        {readOnly
          ? trans.__('Read only. Tab leaves the code; Control+F searches it.')
          : trans.__('Escape, then Tab, leaves the editor.')}
      </p>
      <div ref={host} className="jp-SecureJobs-editor" />
    </>
  );
}
