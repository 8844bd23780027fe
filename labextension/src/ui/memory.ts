const PREFIX = 'jupyter-secure-jobs:';

/**
 * What this browser remembers, readable to whoever uses its profile: how the reader likes the page (sizes, folded
 * panels), and what was typed and not sent yet: changes of a draft until they are saved, and the comments of a review
 * until they are sent, or until a new submission overtook theirs and the reviewer went on to it. A review that is never
 * finished leaves its comments here. Never a passphrase, a
 * result or a row.
 */
export class Memory {
  private readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  getItem(name: string): string | null {
    return this.storage.getItem(PREFIX + name);
  }

  setItem(name: string, value: string): void {
    try {
      this.storage.setItem(PREFIX + name, value);
    } catch {
      // A full or forbidden storage costs the memory of a size, nothing else.
    }
  }

  removeItem(name: string): void {
    this.storage.removeItem(PREFIX + name);
  }
}
