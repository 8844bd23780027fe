const COUNT = new Intl.NumberFormat('en-US');

/** How much of a result is shown, so that nothing is cut silently: 100 of 12,345 rows. */
export function rowCount(shown: number, total: number): string {
  return `${COUNT.format(shown)} of ${COUNT.format(total)} ${total === 1 ? 'row' : 'rows'}`;
}
