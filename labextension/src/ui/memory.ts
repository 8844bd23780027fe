const PREFIX = 'jupyter-secure-jobs:';

/**
 * What this browser remembers of how the reader likes the page: sizes, folded panels. Never anything
 * of a job's content but text that could not be saved yet.
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
