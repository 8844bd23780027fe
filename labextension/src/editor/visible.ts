import { EditorState, type Extension } from '@codemirror/state';
import {
  Decoration,
  Direction,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  highlightSpecialChars,
  type DecorationSet,
  type ViewUpdate
} from '@codemirror/view';

import { codeOf, hidden, nameOf, pieces, rightToLeft } from './hidden';

/** What is shown in the place of a hidden character. */
function shown(code: number): HTMLElement {
  const mark = document.createElement('span');
  mark.className = 'jp-SecureJobs-hidden';
  mark.textContent = codeOf(code);
  mark.title = nameOf(code);
  mark.setAttribute('aria-label', nameOf(code));
  mark.setAttribute('role', 'img');
  return mark;
}

const isolation = new MatchDecorator({
  regexp: rightToLeft(),
  decoration: Decoration.mark({
    class: 'jp-SecureJobs-isolated',
    attributes: { dir: 'rtl' },
    bidiIsolate: Direction.RTL
  })
});

/** Each word written from right to left stands for itself, so that a line keeps the order in which it runs. */
const isolated = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = isolation.createDeco(view);
    }

    update(update: ViewUpdate): void {
      this.decorations = isolation.updateDeco(update, this.decorations);
    }
  },
  {
    decorations: plugin => plugin.decorations,
    provide: plugin =>
      EditorView.bidiIsolatedRanges.of(view => view.plugin(plugin)?.decorations ?? Decoration.none)
  }
);

function redraw(text: Text): void {
  const cut = pieces(text.data);
  if (cut.every(piece => piece.kind === 'plain')) {
    return;
  }
  const drawn = cut.map(piece => {
    if (piece.kind === 'hidden') {
      return shown(piece.text.codePointAt(0) ?? 0);
    }
    const part = document.createElement('span');
    part.textContent = piece.text;
    if (piece.kind === 'isolated') {
      part.className = 'jp-SecureJobs-isolated';
      part.dir = 'rtl';
    }
    return part;
  });
  text.replaceWith(...drawn);
}

/** Removed lines are drawn by the comparison as plain elements; their hidden characters are shown here. */
const inRemovedLines = ViewPlugin.fromClass(
  class {
    constructor(view: EditorView) {
      this.measure(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged || update.geometryChanged) {
        this.measure(update.view);
      }
    }

    private measure(view: EditorView): void {
      view.requestMeasure({
        key: this,
        read: () => null,
        write: () => {
          for (const chunk of view.contentDOM.querySelectorAll(
            '.cm-deletedChunk:not([data-visible])'
          )) {
            chunk.setAttribute('data-visible', '');
            const walker = document.createTreeWalker(chunk, NodeFilter.SHOW_TEXT);
            const texts: Text[] = [];
            while (walker.nextNode()) {
              texts.push(walker.currentNode as Text);
            }
            texts.forEach(redraw);
          }
        }
      });
    }
  }
);

/**
 * Shows hidden characters of a code view by their codes, and keeps each line in the order in which it runs. Lines end
 * where the server counts them to end: at line feeds alone.
 */
export function visibleCharacters(): Extension {
  return [
    EditorState.lineSeparator.of('\n'),
    EditorView.contentAttributes.of({ dir: 'ltr' }),
    highlightSpecialChars({ specialChars: hidden(), render: shown }),
    isolated,
    inRemovedLines
  ];
}
