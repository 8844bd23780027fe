// Ids become parts of addresses. Letters, digits and single marks between them cannot leave the place that they
// are put in: a dot or a slash could, since browsers resolve `..` in addresses even where it was encoded.
const ID = /^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,126}[0-9A-Za-z])?$/;

/** An id as it is, or null for what is none, whoever said it: a server, a notebook, a link. */
export function idOf(value: unknown): string | null {
  return typeof value === 'string' && ID.test(value) ? value : null;
}

/** Whether a path stays below the address that it is put to: no step up, none that is empty, no backslash. */
export function staysBelow(path: string): boolean {
  const [steps = ''] = path.split(/[?#]/u, 1);
  return (
    !steps.includes('\\') &&
    steps.split('/').every(step => step !== '' && !/^(?:\.|%2e){1,2}$/iu.test(step))
  );
}
