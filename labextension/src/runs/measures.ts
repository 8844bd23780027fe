const COUNT = new Intl.NumberFormat('en-US');
const SECOND = 1000;
const MINUTE = 60;

/** How much of a result is shown, so that nothing is cut silently: 100 of 12,345 rows. */
export function rowCount(shown: number, total: number): string {
  return `${COUNT.format(shown)} of ${COUNT.format(total)} ${total === 1 ? 'row' : 'rows'}`;
}

/** A duration given in milliseconds: 0.4 s, 42 s, 1:05 min. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / SECOND;
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const rest = String(whole % MINUTE).padStart(2, '0');
  return whole < MINUTE ? `${whole} s` : `${Math.floor(whole / MINUTE)}:${rest} min`;
}

/** A step that began, and how long it went on. */
export interface Span {
  readonly label: string;
  readonly milliseconds: number;
}

/** Where the time of a run that ended went: each step lasts until the next one that was reached, the last to the end. */
export function spansOf(
  steps: readonly { readonly label: string; readonly at: string | null }[],
  finished: string | null
): readonly Span[] {
  if (finished === null) {
    return [];
  }
  const begun = steps.flatMap(({ label, at }) => (at === null ? [] : [{ label, at }]));
  return begun.map(({ label, at }, place) => {
    const until = begun[place + 1]?.at ?? finished;
    return { label, milliseconds: Math.max(0, Date.parse(until) - Date.parse(at)) };
  });
}
