/** Lines from the first to the last, both counted in. */
export type LineRange = readonly [first: number, last: number];

/** The ranges with another one taken in: in order, and none touching the next. */
export function joined(ranges: readonly LineRange[], more: LineRange): readonly LineRange[] {
  const found: LineRange[] = [];
  let [first, last] = more;
  for (const range of ranges) {
    if (range[1] < first - 1) {
      found.push(range);
    } else if (range[0] <= last + 1) {
      first = Math.min(first, range[0]);
      last = Math.max(last, range[1]);
    }
  }
  found.push([first, last]);
  found.push(...ranges.filter(range => range[0] > last + 1));
  return found;
}

/** What of the lines 1 to `total` no range covers. */
export function missing(ranges: readonly LineRange[], total: number): readonly LineRange[] {
  const found: LineRange[] = [];
  let next = 1;
  for (const [first, last] of ranges) {
    if (first > next) {
      found.push([next, first - 1]);
    }
    next = last + 1;
  }
  if (next <= total) {
    found.push([next, total]);
  }
  return found;
}
