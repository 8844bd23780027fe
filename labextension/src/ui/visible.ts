import { codeOf, pieces } from '../editor/hidden.js';

/** Others' text, with what a reader would not see written as its code, for where only a string can stand. */
export function visible(text: string): string {
  return pieces(text)
    .map(piece =>
      piece.kind === 'hidden' ? `[${codeOf(piece.text.codePointAt(0) ?? 0)}]` : piece.text
    )
    .join('');
}
