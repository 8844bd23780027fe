import { Chunk } from '@codemirror/merge';
import { Text } from '@codemirror/state';

/** A line of a difference: only in the earlier text (−), only in the later one (+), or in both. */
export interface DifferentLine {
  readonly mark: '+' | '−' | ' ';
  /** Its number in the text that it stands in; for a line of both, in the later one. */
  readonly number: number;
  readonly text: string;
}

function textOf(text: string): Text {
  // Lines end where the server counts them to end. With an empty line after it, the last line compares as any other.
  return Text.of([...text.split('\n'), '']);
}

/** The lines from `from` up to the one that begins at or after `to`. */
function numbers(text: Text, from: number, to: number): readonly number[] {
  const found: number[] = [];
  for (let at = from; at < Math.min(to, text.length); at = text.lineAt(at).to + 1) {
    found.push(text.lineAt(at).number);
  }
  return found;
}

/** Every line of two texts, in order, those that changed marked. */
export function differenceOf(before: string, after: string): readonly DifferentLine[] {
  const [earlier, later] = [textOf(before), textOf(after)];
  const lines: DifferentLine[] = [];
  const put = (mark: DifferentLine['mark'], text: Text, places: readonly number[]): void => {
    for (const number of places) {
      lines.push({ mark, number, text: text.line(number).text });
    }
  };
  let at = 0;
  for (const chunk of Chunk.build(earlier, later)) {
    put(' ', later, numbers(later, at, chunk.fromB));
    put('−', earlier, numbers(earlier, chunk.fromA, chunk.toA));
    put('+', later, numbers(later, chunk.fromB, chunk.toB));
    at = chunk.toB;
  }
  put(' ', later, numbers(later, at, later.length));
  return lines;
}
