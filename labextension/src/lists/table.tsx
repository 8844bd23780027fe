import { useVirtualizer } from '@tanstack/react-virtual';
import {
  useEffect,
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode
} from 'react';

import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { PagedList } from './paged';
import { walk } from './walk';

const OVERSCAN = 12;
const ROW = 33;

/** What a list is sorted by, and which way. */
export interface Sorting {
  readonly by: string;
  readonly order: 'asc' | 'desc';
}

/** One column: its heading, its width as CSS grids have it, and what stands in it. */
export interface Column<T> {
  readonly key: string;
  readonly label: string;
  readonly width: string;
  readonly cell: (item: T) => ReactNode;
  /** The order it is sorted in at first; without one nobody can sort by it. */
  readonly sorts?: 'asc' | 'desc';
}

const ARIA = { asc: 'ascending', desc: 'descending' } as const;

function Heading<T>(props: {
  readonly column: Column<T>;
  readonly sorting: Sorting | undefined;
  readonly sort: ((sorting: Sorting) => void) | undefined;
}): ReactElement {
  const { column, sorting, sort } = props;
  const order = sorting?.by === column.key ? sorting.order : null;
  const other = { asc: 'desc', desc: 'asc' } as const;
  const { sorts } = column;
  return (
    <div role="columnheader" aria-sort={order === null ? undefined : ARIA[order]}>
      {sort === undefined || sorts === undefined ? (
        column.label
      ) : (
        <button
          type="button"
          onClick={() => {
            sort({ by: column.key, order: order === null ? sorts : other[order] });
          }}
        >
          {column.label}
          <span aria-hidden="true">{order === null ? ' ↕' : order === 'asc' ? ' ▲' : ' ▼'}</span>
        </button>
      )}
    </div>
  );
}

/**
 * A table of any length, sorted by the server: rows come as one scrolls, arrows walk, Enter opens.
 */
export function WindowTable<T>(props: {
  readonly label: string;
  readonly list: PagedList<T>;
  readonly keyOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
  /** How many there are, or null if nobody counted. */
  readonly total: number | null;
  readonly sorting?: Sorting;
  readonly sort?: (sorting: Sorting) => void;
  /** What opening a row does, or null for a row that leads nowhere. */
  readonly opens: (item: T) => (() => void) | null;
  readonly empty: ReactNode;
}): ReactElement {
  const { label, list, keyOf, columns, total, sorting, sort, opens, empty } = props;
  const { items, more, settled, question, problem } = useCurrent(list);
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is remembered across a scroll
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    getItemKey: index => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: OVERSCAN
  });
  const first = virtual.range?.startIndex ?? 0;
  const last = virtual.range?.endIndex ?? 0;
  useEffect(() => {
    list.inSight(first, last);
  }, [list, first, last, items]);

  // Another list begins at its top.
  useEffect(() => {
    frame.current?.scrollTo({ top: 0 });
  }, [question]);

  const found = items.findIndex(item => keyOf(item) === active);
  const at = found === -1 ? 0 : found;
  const go = (index: number): void => {
    const item = items[index];
    if (item !== undefined) {
      setActive(keyOf(item));
      virtual.scrollToIndex(index);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.target !== frame.current) {
      return;
    }
    const target = walk(
      event.key,
      found === -1 && event.key === 'ArrowDown' ? -1 : at,
      items.length
    );
    const item = items[at];
    if (target !== null) {
      event.preventDefault();
      go(target);
    } else if (event.key === 'Enter' && item !== undefined) {
      event.preventDefault();
      opens(item)?.();
    }
  };
  const drawn = virtual.getVirtualItems();
  const template = { gridTemplateColumns: columns.map(column => column.width).join(' ') };
  const rowCount = total === null ? (more ? -1 : items.length + 1) : total + 1;
  return (
    <>
      {problem !== null && (
        <ProblemNotice
          problem={problem}
          retry={() => {
            list.retry();
          }}
        />
      )}
      {settled && items.length === 0 ? <div className="jp-SecureJobs-none">{empty}</div> : null}
      <div
        ref={frame}
        hidden={settled && items.length === 0}
        className="jp-SecureJobs-grid"
        role="grid"
        aria-label={label}
        aria-rowcount={rowCount}
        aria-busy={!settled && problem === null}
        aria-readonly="true"
        tabIndex={0}
        aria-activedescendant={
          drawn.some(item => item.index === at) && found !== -1 ? `${id}-${at}` : undefined
        }
        onKeyDown={onKey}
      >
        <div role="rowgroup" className="jp-SecureJobs-gridhead">
          <div role="row" aria-rowindex={1} style={template}>
            {columns.map(column => (
              <Heading key={column.key} column={column} sorting={sorting} sort={sort} />
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {drawn.map(({ index, key, start }) => {
            const item = items[index];
            if (item === undefined) {
              return null;
            }
            const open = opens(item);
            const isActive = keyOf(item) === active;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                id={`${id}-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={isActive}
                className={`jp-SecureJobs-gridrow${isActive ? ' jp-mod-active' : ''}${open === null ? '' : ' jp-mod-opens'}`}
                style={{ ...template, transform: `translateY(${start}px)` }}
                onClick={() => {
                  setActive(keyOf(item));
                  // Who marks text to copy it does not want to leave.
                  if (window.getSelection()?.isCollapsed !== false) {
                    open?.();
                  }
                }}
              >
                {columns.map(column => (
                  <div key={column.key} role="gridcell">
                    {column.cell(item)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {!settled && problem === null && items.length === 0 && (
        <p className="jp-SecureJobs-none">{trans.__('Fetching…')}</p>
      )}
    </>
  );
}
