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

import { walk } from './walk';

const OVERSCAN = 12;

/** One line of a tree; its children, if it is open, follow it one level deeper. */
export interface TreeRow {
  readonly key: string;
  readonly level: 1 | 2;
  /** Open or closed; null for a line without children. */
  readonly open: boolean | null;
  /** Its place among its brothers from 1, and how many they are; -1 if nobody knows yet. */
  readonly place: readonly [at: number, of: number];
  /** A guess in pixels, until the line is measured. */
  readonly height: number;
  readonly className: string;
  /** `reach` is the tab index of buttons inside: only those of the active line are on the way of Tab. */
  readonly content: (reach: 0 | -1) => ReactNode;
  readonly press: () => void;
}

/**
 * A tree of any length, of which only what is in sight is in the document. Arrows walk and open, Enter presses, as the
 * ARIA practices have it.
 */
export function WindowTree(props: {
  readonly label: string;
  readonly rows: readonly TreeRow[];
  /** What the tree shows: with another question it begins at its top. */
  readonly question?: string;
  /** What is shown is not yet the answer to what was asked. */
  readonly busy?: boolean;
  /** Told which lines are in sight. */
  readonly inSight?: (first: number, last: number) => void;
}): ReactElement {
  const { label, rows, question, busy, inSight } = props;
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | null>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is remembered across a scroll
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: index => rows[index]?.height ?? 0,
    getItemKey: index => rows[index]?.key ?? index,
    overscan: OVERSCAN
  });
  const first = virtual.range?.startIndex ?? 0;
  const last = virtual.range?.endIndex ?? 0;
  useEffect(() => {
    inSight?.(first, last);
  });

  useEffect(() => {
    frame.current?.scrollTo({ top: 0 });
  }, [question]);

  const found = rows.findIndex(row => row.key === active);
  const at = found === -1 ? 0 : found;
  const go = (index: number): void => {
    const row = rows[index];
    if (row !== undefined) {
      setActive(row.key);
      virtual.scrollToIndex(index);
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (event.target !== frame.current || row === undefined) {
      return;
    }
    const target = walk(event.key, at, rows.length);
    if (target !== null) {
      go(target);
    } else if (event.key === 'Enter' || event.key === ' ') {
      row.press();
    } else if (event.key === 'ArrowRight' && row.open !== null) {
      if (row.open) {
        go(at + 1);
      } else {
        row.press();
      }
    } else if (event.key === 'ArrowLeft') {
      if (row.open === true) {
        row.press();
      } else if (row.level > 1) {
        const before = [...rows.slice(0, at).keys()].reverse();
        go(before.find(index => (rows[index]?.level ?? 0) < row.level) ?? at);
      }
    } else {
      return;
    }
    event.preventDefault();
  };
  const drawn = virtual.getVirtualItems();
  return (
    <div
      ref={frame}
      className="jp-SecureJobs-tree"
      role="tree"
      aria-label={label}
      aria-busy={busy}
      tabIndex={0}
      aria-activedescendant={drawn.some(item => item.index === at) ? `${id}-${at}` : undefined}
      onKeyDown={onKey}
      onFocus={event => {
        if (event.target === frame.current && found === -1) {
          setActive(rows[0]?.key ?? null);
        }
      }}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {drawn.map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row !== undefined && (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                id={`${id}-${index}`}
                role="treeitem"
                aria-level={row.level}
                aria-expanded={row.open ?? undefined}
                aria-posinset={row.place[0]}
                aria-setsize={row.place[1]}
                aria-selected={row.key === active}
                className={`${row.className}${row.key === active ? ' jp-mod-active' : ''}`}
                style={{
                  insetBlockStart: 0,
                  insetInline: 0,
                  position: 'absolute',
                  transform: `translateY(${start}px)`
                }}
                onClick={() => {
                  setActive(row.key);
                  row.press();
                }}
              >
                {row.content(row.key === active ? 0 : -1)}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
