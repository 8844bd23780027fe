import { unifiedMergeView } from '@codemirror/merge';
import { Text, type Extension } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import { useCallback, useMemo, useRef, useState, type ReactElement } from 'react';

import type { ReviewStatement } from '../api/shapes';
import type { Desk } from '../desk';
import { JobEditor } from '../editor/codeEditor';
import { askingForComments, lineComments, type LineRemark } from '../editor/lineComments';
import { marked } from '../editor/marks';
import type { LineRange } from '../editor/ranges';
import { seenLines } from '../editor/seenLines';
import type { Language } from '../insert/declaration';
import { trans } from '../ui/translation';
import type { Holder } from '../ui/useCurrent';
import { COLLAPSED, DIFF } from './comparing';
import { SideBySide } from './sideBySide';

const SHOWN_AS = ['inline', 'sides', 'full'] as const;
type ShownAs = (typeof SHOWN_AS)[number];

const REMEMBERED = 'review-code';

/** A code view that can be sent to a line, also before it is there. */
export class CodePlace {
  private view: EditorView | null = null;
  private wanted: number | null = null;
  private unfold: (() => void) | null = null;

  /** The extension that ties the view to this place. */
  readonly extension: Extension = ViewPlugin.define(view => {
    this.view = view;
    if (this.wanted !== null) {
      // A view cannot be moved while it is being made.
      const line = this.wanted;
      this.wanted = null;
      setTimeout(() => {
        this.goTo(line);
      });
    }
    return {
      destroy: () => {
        if (this.view === view) {
          this.view = null;
        }
      }
    };
  });

  /** What shows the whole text, for lines that a comparison folded away. */
  unfoldedBy(unfold: (() => void) | null): void {
    this.unfold = unfold;
  }

  /** Puts the cursor on a line, into the middle of the screen, with the focus. */
  goTo(number: number): void {
    const { view } = this;
    if (view === null) {
      this.wanted = number;
      return;
    }
    const { doc } = view.state;
    const line = doc.line(Math.max(1, Math.min(doc.lines, number)));
    const block = view.lineBlockAt(line.from);
    if (this.unfold !== null && (block.from < line.from || block.to > line.to)) {
      this.wanted = line.number;
      this.unfold();
      return;
    }
    view.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: 'center' })
    });
    view.focus();
  }
}

function remembered(desk: Desk): ShownAs {
  const kept = desk.memory.getItem(REMEMBERED);
  return SHOWN_AS.find(each => each === kept) ?? 'inline';
}

/** The code under review: what changed, inline or side by side, or the full text; with marks and comments. */
export function ReviewCode(props: {
  readonly desk: Desk;
  readonly review: ReviewStatement;
  readonly place: CodePlace;
  readonly remarks: Holder<readonly LineRemark[]>;
  /** Null where nothing can be decided any more. */
  readonly ask: ((line: number) => void) | null;
  readonly seen: (ranges: readonly LineRange[]) => void;
}): ReactElement {
  const { desk, review, place, remarks, ask, seen } = props;
  const before = review.previous_code;
  const [chosen, setChosen] = useState<ShownAs>(() => remembered(desk));
  const shownAs = before === null ? 'full' : chosen;
  const last = useRef<ShownAs>('inline');
  const choose = useCallback(
    (next: ShownAs) => {
      setChosen(next);
      desk.memory.setItem(REMEMBERED, next);
    },
    [desk]
  );
  const language = review.language as Language;
  const inline = shownAs === 'inline';
  const extensions = useMemo(
    () => [
      place.extension,
      marked(review.marks.map(mark => ({ ...mark, what: trans.__('%1 (yours)', mark.what) }))),
      lineComments(remarks),
      seenLines(seen),
      ask === null ? [] : askingForComments(ask),
      inline && before !== null
        ? unifiedMergeView({
            original: Text.of(before.split('\n')),
            mergeControls: false,
            collapseUnchanged: COLLAPSED,
            diffConfig: DIFF
          })
        : []
    ],
    [place, review.marks, remarks, seen, ask, inline, before]
  );
  place.unfoldedBy(
    shownAs === 'full'
      ? null
      : () => {
          choose('full');
        }
  );
  const toggle = (): void => {
    if (shownAs === 'full') {
      choose(last.current);
    } else {
      last.current = shownAs;
      choose('full');
    }
  };
  const names: Readonly<Record<ShownAs, string>> = {
    inline: trans.__('Inline'),
    sides: trans.__('Side by side'),
    full: trans.__('Full text')
  };
  const label = trans.__('Code of version %1', review.number);
  const same = before === review.code;
  return (
    <div
      className="jp-SecureJobs-reviewcode"
      onKeyDown={event => {
        if (event.altKey && event.shiftKey && event.code === 'KeyT' && before !== null) {
          event.preventDefault();
          toggle();
        }
      }}
    >
      {before !== null && (
        <div
          className="jp-SecureJobs-shownas"
          role="group"
          aria-label={trans.__('How the code is shown')}
        >
          {SHOWN_AS.map(each => (
            <button
              key={each}
              type="button"
              className="jp-SecureJobs-action"
              aria-pressed={shownAs === each}
              aria-keyshortcuts={each === 'full' ? 'Alt+Shift+T' : undefined}
              title={each === 'full' ? 'Alt+Shift+T' : undefined}
              onClick={() => {
                choose(each);
              }}
            >
              {names[each]}
            </button>
          ))}
          <span>
            {same
              ? trans.__('The code did not change.')
              : trans.__('+ added, − removed since version %1', review.previous_number ?? '')}
          </span>
        </div>
      )}
      {shownAs === 'sides' && before !== null ? (
        <SideBySide
          language={language}
          before={before}
          now={review.code}
          labels={[trans.__('Code of version %1, accepted', review.previous_number ?? ''), label]}
          extensions={extensions}
        />
      ) : (
        <JobEditor
          key={shownAs}
          services={desk.editors}
          label={inline ? trans.__('%1, with changes', label) : label}
          language={language}
          value={review.code}
          readOnly
          extensions={extensions}
        />
      )}
    </div>
  );
}
