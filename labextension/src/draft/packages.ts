/** A Python package of a job: its name, its version, and the digest of its wheel. */
export interface PackageLine {
  readonly name: string;
  readonly version: string;
  readonly wheel: string;
}

const LINE = /^([A-Za-z0-9._-]+)\s*==\s*(\S+)\s+(?:--hash=)?(sha256:[0-9a-f]{64})$/u;

/** The package of a line as `jupyter secure-jobs wheel FILE` prints it; null for what is no such line. */
export function packageIn(text: string): PackageLine | null {
  const [, name, version, wheel] = LINE.exec(text.trim()) ?? [];
  if (name === undefined || version === undefined || wheel === undefined) {
    return null;
  }
  return { name: name.replace(/[-_.]+/gu, '-').toLowerCase(), version, wheel };
}

/** The list with one more package; another wheel of the same name gives way to it. */
export function withPackage(
  packages: readonly PackageLine[],
  added: PackageLine
): readonly PackageLine[] {
  const others = packages.filter(each => each.name !== added.name);
  return [...others, added].sort((one, other) => (one.name < other.name ? -1 : 1));
}
