/** What stands in a field, and the value of the draft that it belongs to. */
export interface Typed<T> {
  readonly text: string;
  /** What the text means; where it means nothing, the value that stood when it was typed. */
  readonly at: T;
}

/** The text of a field: what was typed for as long as it belongs to the draft's value, else that value written out. */
export function shown<T>(typed: Typed<T> | null, value: T, written: (value: T) => string): string {
  return typed !== null && JSON.stringify(typed.at) === JSON.stringify(value)
    ? typed.text
    : written(value);
}

/** The whole number that a text means; null for no number where that is allowed; undefined for what means nothing. */
export function numberIn(text: string, required: boolean): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    return required ? undefined : null;
  }
  return /^\d+$/u.test(trimmed) ? Number(trimmed) : undefined;
}

/** Names separated by commas. */
export function namesIn(text: string): string[] {
  return text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
}
