import { Signal } from '@lumino/signaling';

const KEY = 'jupyter-secure-jobs:acting-as';

/**
 * The demonstration member that this browser session acts as. It lives in `sessionStorage`, so two
 * browsers can be two members; the server decides whether the choice counts.
 */
export class Identity {
  readonly changed = new Signal<this, string>(this);

  get email(): string | null {
    return sessionStorage.getItem(KEY);
  }

  actAs(email: string): void {
    if (email !== this.email) {
      sessionStorage.setItem(KEY, email);
      this.changed.emit(email);
    }
  }

  /** Drops a choice that this side has no keys for (another server ran here before). */
  keepAmong(emails: readonly string[]): void {
    const { email } = this;
    if (email !== null && !emails.includes(email)) {
      sessionStorage.removeItem(KEY);
    }
  }
}
