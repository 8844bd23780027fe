/** How much of a cell its row shows; the whole text is one key away. */
export const SHOWN_IN_CELL = 120;

const NUMERIC = /^(u?int\d+|halffloat|float|double|decimal\d+\(.*\))$/;
const TEMPORAL = /^(date\d+|timestamp)\[/;
const FORMULA = /^[=+\-@\t\r]/;
const QUOTED = /["\t\n\r]/;

/** What kind of values a column has, from the type that the file itself names. */
export type ColumnKind = 'number' | 'time' | 'text';

export function kindOf(type: string): ColumnKind {
  if (NUMERIC.test(type)) {
    return 'number';
  }
  return TEMPORAL.test(type) ? 'time' : 'text';
}

/** What a row shows of a cell: its beginning, on one line; null if that is all of it. */
export function beginningOf(cell: string): string | null {
  const line = cell.slice(0, SHOWN_IN_CELL + 1);
  return cell.length > SHOWN_IN_CELL || line.includes('\n')
    ? line.slice(0, SHOWN_IN_CELL).replaceAll('\n', ' ')
    : null;
}

function forSpreadsheet(cell: string | null, kind: ColumnKind): string {
  if (cell === null) {
    return '';
  }
  // As in an exported file: no spreadsheet may run a text as a formula.
  const text = kind === 'text' && FORMULA.test(cell) ? `'${cell}` : cell;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The rows that are shown as tab-separated values, with their header. */
export function asTsv(
  columns: readonly string[],
  types: readonly string[],
  rows: readonly (readonly (string | null)[])[]
): string {
  const kinds = types.map(kindOf);
  const header = columns.map(name => forSpreadsheet(name, 'text'));
  const lines = rows.map(row => row.map((cell, at) => forSpreadsheet(cell, kinds[at] ?? 'text')));
  return [header, ...lines].map(line => line.join('\t')).join('\n') + '\n';
}
