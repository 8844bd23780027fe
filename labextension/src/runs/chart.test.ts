import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chartable, firstChoice, specOf } from './chart.js';

const COLOURS = { text: '#000', grid: '#ccc', mark: '#06c' };

function valuesOf(spec: Readonly<Record<string, unknown>>): unknown {
  return (spec['data'] as { readonly values: unknown }).values;
}

void test('a chart needs a number, a second column and two rows', () => {
  const rows = [
    ['a', '1'],
    ['b', '2']
  ];
  assert.deepEqual(chartable({ types: ['string', 'int64'], rows }), { across: [0, 1], up: [1] });
  assert.equal(chartable({ types: ['string', 'string'], rows }), null);
  assert.equal(chartable({ types: ['string', 'int64'], rows: rows.slice(1) }), null);
  assert.equal(chartable({ types: ['int64'], rows: [['1'], ['2']] }), null);
  assert.equal(chartable({ types: ['list<item: int64>', 'int64'], rows }), null);
});

void test('what is drawn first: a column that tells the rows apart across, the last other number up', () => {
  const first = (types: string[], rows: string[][]): unknown => {
    const found = chartable({ types, rows });
    return found === null ? null : firstChoice({ types, rows }, found);
  };
  const names = [
    ['1', 'a', '0.5'],
    ['2', 'b', '0.5'],
    ['3', 'c', '0.5']
  ];
  assert.deepEqual(first(['int64', 'string', 'double'], names), { mark: 'bar', across: 1, up: 2 });
  const repeated = [
    ['JFK', '1', '5'],
    ['JFK', '2', '5'],
    ['LGA', '3', '5']
  ];
  assert.deepEqual(first(['string', 'int64', 'int64'], repeated), {
    mark: 'bar',
    across: 1,
    up: 2
  });
  const days = [
    ['2026-01-01', '1'],
    ['2026-01-02', '2'],
    ['2026-01-03', '3']
  ];
  assert.deepEqual(first(['date32[day]', 'double'], days), { mark: 'line', across: 0, up: 1 });
});

void test('rows that share a place are drawn as points, never added up', () => {
  const table = {
    columns: ['origin', 'flights'],
    types: ['string', 'int64'],
    rows: [
      ['JFK', '10'],
      ['JFK', '20'],
      ['LGA', '30']
    ]
  };
  const typeOf = (rows: string[][]): unknown =>
    (
      specOf({ ...table, rows }, { mark: 'bar', across: 0, up: 1 }, COLOURS)['mark'] as {
        type: string;
      }
    ).type;
  assert.equal(typeOf(table.rows), 'point');
  assert.equal(typeOf(table.rows.slice(1)), 'bar');
});

void test('names of columns and cells are data and titles, never fields or expressions', () => {
  const hostile = "datum['x'] = alert(1)";
  const spec = specOf(
    {
      columns: [hostile, '<img src=x onerror=alert(1)>'],
      types: ['string', 'int64'],
      rows: [
        [hostile, '1'],
        ['{"signal": "alert(1)"}', '2']
      ]
    },
    { mark: 'bar', across: 0, up: 1 },
    COLOURS
  );
  assert.deepEqual(valuesOf(spec), [
    { c0: hostile, c1: 1 },
    { c0: '{"signal": "alert(1)"}', c1: 2 }
  ]);
  const { x, y } = spec['encoding'] as Record<string, Record<string, unknown>>;
  assert.deepEqual([x?.['field'], y?.['field']], ['c0', 'c1']);
  assert.deepEqual([x?.['title'], y?.['title']], [[hostile], ['<img src=x onerror=alert(1)>']]);
  const text = JSON.stringify(spec);
  for (const word of ['"expr"', '"transform"', '"href"', '"url"', '"params"', '"format"']) {
    assert.ok(!text.includes(word), word);
  }
});

void test('what is no number is left out of the chart, and a moment is read as it is written', () => {
  const table = {
    columns: ['when', 'n'],
    types: ['timestamp[us]', 'double'],
    rows: [
      ['2026-03-07 14:05:00', 'NaN'],
      ['2026-03-07T14:05:00+01:00', null],
      [null, '9007199254740993']
    ]
  };
  assert.deepEqual(valuesOf(specOf(table, { mark: 'line', across: 0, up: 1 }, COLOURS)), [
    { c0: Date.UTC(2026, 2, 7, 14, 5), c1: null },
    { c0: Date.UTC(2026, 2, 7, 13, 5), c1: null },
    { c0: null, c1: 9007199254740992 }
  ]);
});
