import { Signal } from '@lumino/signaling';

import { EVERYTHING, type Question } from './question';

/** What the audit page asks, held outside the page so that a command can narrow it to a job. */
export class AuditModel {
  readonly changed = new Signal<this, Question>(this);
  private question = EVERYTHING;

  get current(): Question {
    return this.question;
  }

  change(part: Partial<Question>): void {
    this.question = { ...this.question, ...part };
    this.changed.emit(this.question);
  }

  /** Shows everything, or everything about one job. */
  start(job: string | undefined): void {
    this.change({ ...EVERYTHING, job: job ?? '' });
  }
}
