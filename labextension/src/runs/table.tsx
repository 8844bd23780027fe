import { Clipboard } from '@jupyterlab/apputils';
import { memo, useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';

import type { Preview } from '../api/shapes';
import { trans } from '../ui/translation';
import { beginningOf, kindOf, type ColumnKind } from './cells';
import { VisibleText } from './visible';

/** A cell whose whole text was asked for. */
interface WholeCell {
  readonly row: number;
  readonly column: number;
}

interface RowsProps {
  readonly result: Preview;
  readonly open: (cell: WholeCell) => void;
}

/** The length at which the member side cuts a cell of the preview. */
const LONGEST_CELL = 1000;

function Cell(props: { readonly cell: string | null; readonly open: () => void }): ReactElement {
  const { cell, open } = props;
  if (cell === null) {
    return <i className="jp-SecureJobs-null">{trans.__('null')}</i>;
  }
  const beginning = beginningOf(cell);
  if (beginning === null) {
    return <VisibleText text={cell} />;
  }
  return (
    <>
      <VisibleText text={beginning} />
      <button
        type="button"
        className="jp-SecureJobs-link"
        tabIndex={-1}
        aria-label={trans.__('Whole text of the cell')}
        onClick={open}
      >
        …
      </button>
    </>
  );
}

/** Made once for a result: moving in it changes no row. */
const Body = memo(function Body(props: RowsProps): ReactElement {
  const { result, open } = props;
  const kinds: readonly ColumnKind[] = result.types.map(kindOf);
  return (
    <tbody>
      {result.rows.map((cells, row) => (
        <tr key={row}>
          {cells.map((cell, column) => (
            <td
              key={column}
              dir="auto"
              tabIndex={row === 0 && column === 0 ? 0 : -1}
              className={kinds[column] === 'number' ? 'jp-mod-number' : undefined}
            >
              <Cell
                cell={cell}
                open={() => {
                  open({ row, column });
                }}
              />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
});

function targetOf(event: KeyboardEvent, cell: HTMLTableCellElement): Element | null | undefined {
  const row = cell.parentElement;
  const rows = row?.parentElement;
  const within = (line: Element | null | undefined): Element | null | undefined =>
    line?.children[cell.cellIndex];
  const targets: Readonly<Record<string, () => Element | null | undefined>> = {
    ArrowRight: () => cell.nextElementSibling,
    ArrowLeft: () => cell.previousElementSibling,
    ArrowDown: () => within(row?.nextElementSibling),
    ArrowUp: () => within(row?.previousElementSibling),
    Home: () => (event.ctrlKey ? rows?.firstElementChild : row)?.firstElementChild,
    End: () => (event.ctrlKey ? rows?.lastElementChild : row)?.lastElementChild
  };
  return targets[event.key]?.();
}

/**
 * At most the first hundred rows as a grid: arrow keys move, Enter shows the whole text of a long cell, Ctrl+C copies
 * one. Every cell is text in its own direction.
 */
export function ResultTable(props: {
  readonly result: Preview;
  readonly told: (sentence: string) => void;
}): ReactElement {
  const { result, told } = props;
  const kinds = result.types.map(kindOf);
  const [whole, setWhole] = useState<WholeCell | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  const grid = useRef<HTMLTableElement>(null);
  const id = useId();
  const move = (event: KeyboardEvent): void => {
    const cell = event.target instanceof Element ? event.target.closest('td') : null;
    if (cell === null) {
      return;
    }
    const row = (cell.parentElement as HTMLTableRowElement).sectionRowIndex;
    const text = result.rows[row]?.[cell.cellIndex] ?? '';
    const target = targetOf(event, cell);
    if (target instanceof HTMLElement) {
      grid.current?.querySelector('td[tabindex="0"]')?.setAttribute('tabindex', '-1');
      target.tabIndex = 0;
      target.focus();
      event.preventDefault();
    } else if (event.key === 'Enter' && beginningOf(text) !== null) {
      opener.current = cell;
      setWhole({ row, column: cell.cellIndex });
      event.preventDefault();
    } else if (
      event.key === 'c' &&
      (event.ctrlKey || event.metaKey) &&
      window.getSelection()?.isCollapsed !== false
    ) {
      Clipboard.copyToSystem(text);
      told(trans.__('Cell copied.'));
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const text = whole === null ? null : (result.rows[whole.row]?.[whole.column] ?? null);
  return (
    <>
      {whole !== null && text !== null && (
        <section className="jp-SecureJobs-whole" aria-labelledby={id}>
          <p>
            <strong id={id}>
              {trans.__('Row %1,', whole.row + 1)} <bdi>{result.columns[whole.column]}</bdi>
            </strong>{' '}
            <button
              type="button"
              className="jp-SecureJobs-link"
              ref={button => button?.focus()}
              onClick={() => {
                setWhole(null);
                opener.current?.focus();
              }}
            >
              {trans.__('Close')}
            </button>
            <button
              type="button"
              className="jp-SecureJobs-link"
              onClick={() => {
                Clipboard.copyToSystem(text);
                told(trans.__('Cell copied.'));
              }}
            >
              {trans.__('Copy')}
            </button>
          </p>
          <pre
            dir="auto"
            tabIndex={0}
            aria-label={trans.__('Whole text of the cell')}
            role="region"
          >
            <VisibleText text={text} />
          </pre>
          {text.length > LONGEST_CELL && (
            <p>{trans.__('The page shows the beginning; an export has all of it.')}</p>
          )}
        </section>
      )}
      <div
        className="jp-SecureJobs-rows"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Rows')}
        onClickCapture={event => {
          opener.current = event.target instanceof Element ? event.target.closest('td') : null;
        }}
      >
        <table
          ref={grid}
          role="grid"
          className="jp-SecureJobs-table"
          aria-label={trans.__('Rows of the result')}
          aria-readonly="true"
          aria-rowcount={result.total + 1}
          onKeyDown={move}
        >
          <thead>
            <tr>
              {result.columns.map((column, at) => (
                <th
                  key={at}
                  scope="col"
                  className={kinds[at] === 'number' ? 'jp-mod-number' : undefined}
                >
                  <span dir="auto">
                    <VisibleText text={column} />
                  </span>
                  <small>{result.types[at]}</small>
                </th>
              ))}
            </tr>
          </thead>
          <Body result={result} open={setWhole} />
        </table>
      </div>
    </>
  );
}
