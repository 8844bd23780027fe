import type { Extension } from '@codemirror/state';
import { BlockType, EditorView, ViewPlugin, type BlockInfo } from '@codemirror/view';

import type { LineRange } from './ranges';

/** How much of a line's last pixels may be cut off for it to count as shown. */
const TOLERANCE = 3;

/** The part of the screen in which a view can be seen: its ancestors that scroll cut it off. */
function visiblePart(view: EditorView): readonly [top: number, bottom: number] {
  let top = 0;
  let bottom = window.innerHeight;
  // What the body cuts off, the window cuts off: its own box may be empty.
  for (
    let at = view.dom.parentElement;
    at !== null && at !== document.body;
    at = at.parentElement
  ) {
    if (getComputedStyle(at).overflowY !== 'visible') {
      const box = at.getBoundingClientRect();
      top = Math.max(top, box.top);
      bottom = Math.min(bottom, box.bottom);
    }
  }
  const own = view.scrollDOM.getBoundingClientRect();
  return [Math.max(top, own.top), Math.min(bottom, own.bottom)];
}

function texts(block: BlockInfo): readonly BlockInfo[] {
  const { type } = block;
  return Array.isArray(type) ? type.flatMap(texts) : [block];
}

/** A line counts once its end was on the screen; one that is folded away does not. */
function shown(view: EditorView): LineRange[] {
  const [top, bottom] = visiblePart(view);
  if (bottom <= top || view.dom.offsetWidth === 0) {
    return [];
  }
  const { doc } = view.state;
  return view.viewportLineBlocks
    .flatMap(texts)
    .filter(block => {
      const end = view.documentTop + block.bottom;
      return block.type === BlockType.Text && end >= top && end <= bottom + TOLERANCE;
    })
    .map(block => [doc.lineAt(block.from).number, doc.lineAt(block.to).number]);
}

/** Tells which lines come onto the screen. */
export function seenLines(tell: (ranges: readonly LineRange[]) => void): Extension {
  return ViewPlugin.define(view => {
    const measure = {
      read: shown,
      write: (ranges: readonly LineRange[]) => {
        if (ranges.length > 0) {
          tell(ranges);
        }
      }
    };
    const look = (): void => {
      view.requestMeasure(measure);
    };
    // Scrolling of any ancestor is heard on its way down.
    document.addEventListener('scroll', look, { capture: true, passive: true });
    look();
    return {
      update: update => {
        if (update.geometryChanged || update.viewportChanged) {
          look();
        }
      },
      destroy: () => {
        document.removeEventListener('scroll', look, { capture: true });
      }
    };
  });
}
