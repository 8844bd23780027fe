import { kindOf } from './cells.js';

/** Drawn as bars, or as one line from left to right. */
export type Mark = 'bar' | 'line';

/** What JupyterLab's own renderer draws. */
export const VEGA_LITE = 'application/vnd.vegalite.v5+json';

/** Columns that a chart can have, by their place in the result. */
export interface Chartable {
  readonly across: readonly number[];
  readonly up: readonly number[];
}

/** What to draw: which column goes across, which one up. */
export interface Choice {
  readonly mark: Mark;
  readonly across: number;
  readonly up: number;
}

/** The colours of the page that the chart stands in. */
export interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly mark: string;
}

interface Table {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const ZONED = /(Z|[+-]\d\d:?\d\d)$/;
const NESTED = /^(list|large_list|struct|map|binary|large_binary|fixed_size)/;
const SHORTEST_LINE = 3;

/** Tells what can be charted: a number against another column, in a result of at least two rows; else null. */
export function chartable(table: Pick<Table, 'types' | 'rows'>): Chartable | null {
  const { types, rows } = table;
  const places = types.map((_, at) => at);
  const up = places.filter(at => kindOf(types[at] ?? '') === 'number');
  const across = places.filter(at => !NESTED.test(types[at] ?? ''));
  return rows.length < 2 || up.length === 0 || across.length < 2 ? null : { across, up };
}

/** Whether every row has a value of its own in this column: then one mark stands for one row. */
function distinct(rows: Table['rows'], at: number): boolean {
  return new Set(rows.map(row => row[at])).size === rows.length;
}

/**
 * The chart that is shown first: across goes a column that tells the rows apart, one that is no number before one that
 * is, else the first; up goes the last other number, since what is computed mostly stands at the end.
 */
export function firstChoice(table: Pick<Table, 'types' | 'rows'>, found: Chartable): Choice {
  const { types, rows } = table;
  const words = found.across.filter(at => !found.up.includes(at));
  const order = [...words, ...found.across.filter(at => found.up.includes(at))];
  const first = order.find(at => distinct(rows, at)) ?? order[0] ?? 0;
  const up = found.up.findLast(at => at !== first) ?? first;
  const line = kindOf(types[first] ?? '') === 'time' && rows.length >= SHORTEST_LINE;
  return { mark: line ? 'line' : 'bar', across: first, up };
}

/** A number good enough to be drawn; what is read stays the text of the table. */
function drawn(cell: string | null | undefined): number | null {
  const value = cell == null || cell === '' ? NaN : Number(cell);
  return Number.isFinite(value) ? value : null;
}

/** A moment in milliseconds, read as it is written, whatever the zone of the reader. */
function moment(cell: string | null | undefined): number | null {
  if (cell == null) {
    return null;
  }
  const text = cell.trim().replace(' ', 'T');
  const zoned = ZONED.test(text) || !text.includes('T') ? text : `${text}Z`;
  const value = Date.parse(zoned);
  return Number.isNaN(value) ? null : value;
}

/**
 * The chart as Vega-Lite: field names of our own, the cells as data, titles as plain text. Nothing of the result
 * becomes an expression, a link or markup.
 */
export function specOf(
  table: Table,
  choice: Choice,
  colours: Colours,
  width = 400
): Readonly<Record<string, unknown>> {
  const { columns, types, rows } = table;
  const kind = kindOf(types[choice.across] ?? '');
  const values = rows.map(row => {
    const cell = row[choice.across];
    const across =
      kind === 'time' ? moment(cell) : kind === 'number' ? drawn(cell) : (cell ?? null);
    return { c0: across, c1: drawn(row[choice.up]) };
  });
  // Bars of one place would be added up, which nobody asked for: each row is a point then.
  const type = choice.mark === 'bar' && !distinct(rows, choice.across) ? 'point' : choice.mark;
  const named = (at: number): readonly string[] => [columns[at] ?? ''];
  const x =
    kind === 'time'
      ? { type: 'temporal', scale: { type: 'utc' } }
      : kind === 'number' && choice.mark === 'line'
        ? { type: 'quantitative', scale: { zero: false } }
        : { type: kind === 'number' ? 'ordinal' : 'nominal', sort: null };
  const axis = {
    labelColor: colours.text,
    titleColor: colours.text,
    gridColor: colours.grid,
    domainColor: colours.text,
    tickColor: colours.text,
    labelLimit: 160,
    titleLimit: 320
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    width,
    height: 240,
    autosize: { type: 'fit', contains: 'padding' },
    background: 'transparent',
    data: { values },
    mark: {
      type,
      color: colours.mark,
      filled: type !== 'line',
      tooltip: null,
      ...(choice.mark === 'line' ? { point: { color: colours.mark } } : {})
    },
    encoding: {
      x: { field: 'c0', ...x, title: named(choice.across) },
      y: { field: 'c1', type: 'quantitative', title: named(choice.up) }
    },
    config: { axis, view: { stroke: colours.grid } }
  };
}
