import { Signal } from '@lumino/signaling';

import type { Decision } from '../api/shapes.js';
import type { Memory } from '../ui/memory.js';

export type LineComment = Readonly<Decision['line_comments'][number]>;

type Shelf = Pick<Memory, 'getItem' | 'setItem' | 'removeItem'>;

/** A comment on a line that is being typed. */
export interface OpenForm {
  /** Null while its field is empty. */
  readonly line: number | null;
  readonly text: string;
  /** The kept comment that this one takes the place of once it is added. */
  readonly replaces: LineComment | null;
}

/** What a reviewer wrote and did not send yet. */
export interface Drafts {
  readonly comment: string;
  readonly lines: readonly LineComment[];
  readonly form: OpenForm | null;
}

const NOTHING: Drafts = { comment: '', lines: [], form: null };

type Fields = Readonly<Record<string, unknown>>;

function isLine(value: unknown): value is LineComment {
  const fields = value as Fields | null | undefined;
  return typeof fields?.['line'] === 'number' && typeof fields['text'] === 'string';
}

function formOf(value: unknown): OpenForm | null {
  const fields = value as Fields | null | undefined;
  const text = fields?.['text'];
  const line = fields?.['line'];
  const replaces = fields?.['replaces'];
  return typeof text === 'string'
    ? {
        line: typeof line === 'number' ? line : null,
        text,
        replaces: isLine(replaces) ? replaces : null
      }
    : null;
}

function read(text: string | null): Drafts {
  if (text === null) {
    return NOTHING;
  }
  try {
    const kept = JSON.parse(text) as Fields | null;
    const lines = kept?.['lines'];
    const comment = kept?.['comment'];
    return {
      comment: typeof comment === 'string' ? comment : '',
      lines: Array.isArray(lines) ? lines.filter(isLine) : [],
      form: formOf(kept?.['form'])
    };
  } catch {
    // What this browser kept cannot be read any more; the reviewer begins anew.
    return NOTHING;
  }
}

function keyOf(member: string | null, hash: string): string {
  return `review:${member ?? ''}:${hash}`;
}

function keep(memory: Shelf, key: string, drafts: Drafts): void {
  if (drafts.comment === '' && drafts.lines.length === 0 && drafts.form === null) {
    memory.removeItem(key);
  } else {
    memory.setItem(key, JSON.stringify(drafts));
  }
}

/** The drafts on a submission; a comment on the one that it overtook is taken along. */
function carried(
  memory: Shelf,
  member: string | null,
  before: string | null,
  hash: string
): Drafts {
  const drafts = draftsOf(memory, member, hash);
  return drafts.comment === '' && before !== null && before !== hash
    ? { ...drafts, comment: draftsOf(memory, member, before).comment }
    : drafts;
}

function same(one: LineComment, other: LineComment): boolean {
  return one.line === other.line && one.text === other.text;
}

/** Whether a form holds words that would be lost if it were closed. */
export function isUnadded(form: OpenForm | null): boolean {
  return form !== null && form.text.trim() !== '' && form.text !== form.replaces?.text;
}

/** What a member had written on a submission and did not send. */
export function draftsOf(memory: Shelf, member: string | null, hash: string): Drafts {
  return read(memory.getItem(keyOf(member, hash)));
}

/** Goes on from a submission that was overtaken to the next one: takes the comment along and forgets the rest. */
export function goOn(memory: Shelf, member: string | null, before: string, hash: string): void {
  keep(memory, keyOf(member, hash), carried(memory, member, before, hash));
  memory.removeItem(keyOf(member, before));
}

/** The comments of one member's review of one submission, kept in this browser until they are sent. */
export class ReviewDrafts {
  readonly changed = new Signal<this, Drafts>(this);
  private readonly memory: Shelf;
  private readonly key: string;
  private drafts: Drafts;

  /** With `before`, the hash of a submission that was overtaken, the comment on that one is taken along. */
  constructor(memory: Shelf, member: string | null, hash: string, before: string | null = null) {
    this.memory = memory;
    this.key = keyOf(member, hash);
    this.drafts = carried(memory, member, before, hash);
  }

  get current(): Drafts {
    return this.drafts;
  }

  say(comment: string): void {
    this.take({ comment });
  }

  /** Opens the form for a comment on a line; text that is being typed already moves there. */
  ask(line: number): void {
    const { form } = this.drafts;
    this.take({ form: form === null ? { line, text: '', replaces: null } : { ...form, line } });
  }

  /** Opens the form with a kept comment, unless it holds other text that was not added yet. */
  edit(comment: LineComment): boolean {
    const idle = !isUnadded(this.drafts.form);
    if (idle) {
      this.take({ form: { ...comment, replaces: comment } });
    }
    return idle;
  }

  /** Takes what is typed into the open form. */
  type(change: Partial<Pick<OpenForm, 'line' | 'text'>>): void {
    const { form } = this.drafts;
    if (form !== null) {
      this.take({ form: { ...form, ...change } });
    }
  }

  /** Adds the open form's comment, in the place of the one that it replaces, and closes the form. */
  add(): void {
    const { form, lines } = this.drafts;
    if (form === null || form.line === null || form.text.trim() === '') {
      return;
    }
    const { line, text, replaces } = form;
    const at = replaces === null ? -1 : lines.findIndex(each => same(each, replaces));
    const made = [...lines.filter((_, place) => place !== at), { line, text }];
    made.sort((one, other) => one.line - other.line);
    this.take({ lines: made, form: null });
  }

  /** Closes the form; a kept comment that was being edited stays as it was. */
  cancel(): void {
    this.take({ form: null });
  }

  remove(comment: LineComment): void {
    this.take({ lines: this.drafts.lines.filter(each => each !== comment) });
  }

  /** Forgets everything: it was sent. */
  clear(): void {
    this.take(NOTHING);
  }

  private take(change: Partial<Drafts>): void {
    this.drafts = { ...this.drafts, ...change };
    keep(this.memory, this.key, this.drafts);
    this.changed.emit(this.drafts);
  }
}
