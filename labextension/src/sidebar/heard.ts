/** Whose key services have said that they heard of a stop, and whose have not yet. */
export function heard(stop: {
  readonly heard_by: readonly string[];
  readonly waiting_for: readonly string[];
}): string {
  if (stop.heard_by.length === 0) {
    return 'heard by none yet';
  }
  const by = `heard by ${stop.heard_by.join(', ')}`;
  return stop.waiting_for.length === 0 ? by : `${by}; not yet by ${stop.waiting_for.join(', ')}`;
}
