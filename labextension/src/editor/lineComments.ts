import {
  StateEffect,
  StateField,
  type EditorState,
  type Extension,
  type Text
} from '@codemirror/state';
import {
  Decoration,
  EditorView,
  GutterMarker,
  ViewPlugin,
  WidgetType,
  gutter,
  keymap,
  type DecorationSet
} from '@codemirror/view';

import { trans } from '../ui/translation';
import type { Holder } from '../ui/useCurrent';

/** Something to press in a comment of one's own. */
export interface RemarkAction {
  readonly label: string;
  readonly press: () => void;
}

/** A comment that stands below one line of a code view; lines count from 1. */
export interface LineRemark {
  readonly line: number;
  readonly who: string;
  readonly text: string;
  readonly actions?: readonly RemarkAction[];
}

function element(tag: string, name: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** What other people wrote goes into the page by `textContent` alone. */
class RemarkWidget extends WidgetType {
  constructor(private readonly remark: LineRemark) {
    super();
  }

  override eq(other: RemarkWidget): boolean {
    return other.remark === this.remark;
  }

  override toDOM(): HTMLElement {
    const { line, who, text, actions } = this.remark;
    const block = element('div', 'jp-SecureJobs-remark', '');
    block.setAttribute('role', 'note');
    block.setAttribute('aria-label', trans.__('Comment of %1 on line %2', who, line));
    const box = element('div', 'jp-SecureJobs-remark-box', '');
    block.append(box);
    box.append(element('bdi', 'jp-SecureJobs-remark-who', who));
    const words = element('p', 'jp-SecureJobs-remark-text', text);
    words.dir = 'auto';
    box.append(words);
    for (const { label, press } of actions ?? []) {
      const button = element('button', 'jp-SecureJobs-link', label) as HTMLButtonElement;
      button.type = 'button';
      button.addEventListener('click', press);
      box.append(button);
    }
    return block;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const taken = StateEffect.define<readonly LineRemark[]>();

function blocks(doc: Text, remarks: readonly LineRemark[]): DecorationSet {
  const placed = remarks
    .filter(({ line }) => line >= 1 && line <= doc.lines)
    .map(remark =>
      Decoration.widget({ widget: new RemarkWidget(remark), block: true, side: 1 }).range(
        doc.line(remark.line).to
      )
    );
  return Decoration.set(placed, true);
}

/** Comments below the lines that they are about, redrawn whenever the holder's value is replaced. */
export function lineComments(remarks: Holder<readonly LineRemark[]>): Extension {
  const field = StateField.define<DecorationSet>({
    create: (state: EditorState) => blocks(state.doc, remarks.current),
    update: (value, transaction) => {
      for (const effect of transaction.effects) {
        if (effect.is(taken)) {
          return blocks(transaction.newDoc, effect.value);
        }
      }
      return transaction.docChanged ? value.map(transaction.changes) : value;
    },
    provide: at => EditorView.decorations.from(at)
  });
  const follower = ViewPlugin.define(view => {
    const follow = (): void => {
      view.dispatch({ effects: taken.of(remarks.current) });
    };
    remarks.changed.connect(follow);
    return {
      destroy: () => {
        remarks.changed.disconnect(follow);
      }
    };
  });
  return [field, follower];
}

class AddMarker extends GutterMarker {
  override eq(): boolean {
    return true;
  }

  override toDOM(): HTMLElement {
    const mark = element('span', 'jp-SecureJobs-addremark', '+');
    mark.title = trans.__('Comment on this line');
    return mark;
  }
}

/** The key that asks for a comment on the line of the cursor, as `aria-keyshortcuts` writes it. */
export const COMMENT_KEY = 'Control+Alt+M';

/** A button beside each line, and a key at the cursor's line, that ask for a comment on it. */
export function askingForComments(ask: (line: number) => void): Extension {
  const marker = new AddMarker();
  return [
    gutter({
      class: 'jp-SecureJobs-remarkgutter',
      lineMarker: () => marker,
      initialSpacer: () => marker,
      domEventHandlers: {
        click: (view, block) => {
          ask(view.state.doc.lineAt(block.from).number);
          return true;
        }
      }
    }),
    keymap.of([
      {
        key: 'Ctrl-Alt-m',
        preventDefault: true,
        run: view => {
          ask(view.state.doc.lineAt(view.state.selection.main.head).number);
          return true;
        }
      }
    ])
  ];
}
