/** Rows that a page key passes. */
const PAGE = 10;

/** Where a key leads in a list of so many rows, or null if the key does not walk. */
export function walk(key: string, at: number, count: number): number | null {
  const last = count - 1;
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: last
  };
  const target = targets[key];
  return target === undefined || count === 0 ? null : Math.min(Math.max(target, 0), last);
}
