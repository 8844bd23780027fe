/**
 * Characters that a reader does not see, or that make a line read otherwise than it runs: controls but tab and line
 * feed, format characters (zero width, bidirectional, tags), separators, fillers, variation selectors, and spaces
 * that are not the space. Sources: Unicode general categories Cc, Cf, Zl, Zp, Zs; CVE-2021-42574.
 */
const HIDDEN =
  '(?:\\u034f|[\\u17b4\\u17b5]|[\\u180b-\\u180f]|[\\ufe00-\\ufe0f]|[\\u{e0000}-\\u{e0fff}]|' +
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u00a0\\u115f\\u1160\\u1680\\u2000-\\u200a\\u202f\\u205f\\u2800\\u3000' +
  '\\u3164\\uffa0\\ufff0-\\ufffc\\p{Cf}\\p{Co}\\p{Zl}\\p{Zp}])';

/** Letters that are written from right to left, by the default of their blocks (Unicode annex 9, table 4). */
const RIGHT_TO_LEFT =
  '[\\u0590-\\u061b\\u061d-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]+';

const NAMES: Readonly<Record<number, string>> = {
  0x00: 'null',
  0x0d: 'carriage return',
  0x1b: 'escape',
  0x7f: 'delete',
  0xa0: 'no-break space',
  0xad: 'soft hyphen',
  0x061c: 'Arabic letter mark',
  0x200b: 'zero width space',
  0x200c: 'zero width non-joiner',
  0x200d: 'zero width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'end of directional formatting',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x2060: 'word joiner',
  0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate',
  0x2068: 'first strong isolate',
  0x2069: 'end of isolate',
  0xfeff: 'byte order mark'
};

/** A fresh expression that finds each hidden character. */
export function hidden(): RegExp {
  return new RegExp(HIDDEN, 'gu');
}

/** A fresh expression that finds each run of letters written from right to left. */
export function rightToLeft(): RegExp {
  return new RegExp(RIGHT_TO_LEFT, 'gu');
}

/** What stands in the place of a hidden character: U+202E. */
export function codeOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The code with the character's name where it has one that people know. */
export function nameOf(code: number): string {
  const name = NAMES[code];
  return name === undefined ? codeOf(code) : `${codeOf(code)} ${name}`;
}

/** A part of a text: as it is, a hidden character, or a run from right to left. */
export interface Piece {
  readonly text: string;
  readonly kind: 'plain' | 'hidden' | 'isolated';
}

/** Cuts a text into parts that can be drawn one after another without changing each other's order. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(new RegExp(`(${HIDDEN})|${RIGHT_TO_LEFT}`, 'gu'))) {
    if (match.index > from) {
      found.push({ text: text.slice(from, match.index), kind: 'plain' });
    }
    found.push({ text: match[0], kind: match[1] === undefined ? 'isolated' : 'hidden' });
    from = match.index + match[0].length;
  }
  if (from < text.length) {
    found.push({ text: text.slice(from), kind: 'plain' });
  }
  return found;
}
