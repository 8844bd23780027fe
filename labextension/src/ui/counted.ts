/** A count in words: the server counts no further than one above `most`, which says that there are more. */
export function counted(count: number, most: number): string {
  const shown = Math.min(count, most).toLocaleString('en-US');
  return count > most ? `${shown}+` : shown;
}
