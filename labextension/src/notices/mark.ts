/** The newest notice that this browser told of, as its id; null if it told of none yet. */
export type Mark = string | null;

interface Numbered {
  readonly id: string;
}

function number(mark: Mark): bigint {
  return mark !== null && /^\d+$/.test(mark) ? BigInt(mark) : 0n;
}

/** Those of the notices that came after the mark. */
export function fresh<T extends Numbered>(notices: readonly T[], mark: Mark): T[] {
  return notices.filter(notice => number(notice.id) > number(mark));
}

/** The mark once all of these were told; it never goes back. */
export function after(notices: readonly Numbered[], mark: Mark): string {
  const numbers = [number(mark), ...notices.map(notice => number(notice.id))];
  return String(numbers.reduce((most, each) => (each > most ? each : most)));
}
