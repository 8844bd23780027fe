import { RangeSetBuilder, StateField, type Extension, type Text } from '@codemirror/state';
import { Decoration, EditorView, type DecorationSet } from '@codemirror/view';

/** A place in a text: lines and columns count from 1, columns and length in characters. */
export interface Mark {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly what: string;
}

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/u;

/** Where in a line its characters begin, counted as JavaScript counts; the same count where no character takes two. */
function starts(text: string): (character: number) => number {
  if (!PAIR.test(text)) {
    return character => Math.min(character, text.length);
  }
  const offsets = [0];
  for (const character of text) {
    offsets.push((offsets.at(-1) ?? 0) + character.length);
  }
  return character => offsets[character] ?? text.length;
}

/** Marks as places in a document; what points outside of it is left out. */
function places(
  doc: Text,
  marks: readonly Mark[]
): { readonly from: number; readonly to: number; readonly what: string }[] {
  const lines = new Map<number, (character: number) => number>();
  return marks.flatMap(({ line, column, length, what }) => {
    if (line < 1 || line > doc.lines) {
      return [];
    }
    const { from, text } = doc.line(line);
    const start = lines.get(line) ?? starts(text);
    lines.set(line, start);
    const at = { from: from + start(column - 1), to: from + start(column - 1 + length), what };
    return at.to > at.from ? [at] : [];
  });
}

function decorations(doc: Text, marks: readonly Mark[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const placed = places(doc, marks).sort(
    (one, other) => one.from - other.from || one.to - other.to
  );
  for (const { from, to, what } of placed) {
    builder.add(
      from,
      to,
      Decoration.mark({ class: 'jp-SecureJobs-own', attributes: { title: what } })
    );
  }
  return builder.finish();
}

/** Marks places of a text that is not edited. */
export function marked(marks: readonly Mark[]): Extension {
  return StateField.define<DecorationSet>({
    create: state => decorations(state.doc, marks),
    update: value => value,
    provide: field => EditorView.decorations.from(field)
  });
}
