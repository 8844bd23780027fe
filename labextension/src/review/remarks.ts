import { Signal } from '@lumino/signaling';

import type { Decision } from '../api/shapes';
import type { LineRemark } from '../editor/lineComments';
import { trans } from '../ui/translation';
import type { Memory } from '../ui/memory';

type LineComment = Readonly<Decision['line_comments'][number]>;

/** A member's decision, as far as a page shows its comments. */
export interface Opinion {
  readonly member: string;
  readonly line_comments: readonly { readonly line: number; readonly text: string }[];
}

/** What a reviewer wrote and did not send yet. */
export interface Drafts {
  readonly comment: string;
  readonly lines: readonly LineComment[];
}

const NOTHING: Drafts = { comment: '', lines: [] };

function isLine(value: unknown): value is LineComment {
  return (
    typeof value === 'object' &&
    value !== null &&
    'line' in value &&
    typeof value.line === 'number' &&
    'text' in value &&
    typeof value.text === 'string'
  );
}

function read(text: string | null): Drafts {
  if (text === null) {
    return NOTHING;
  }
  try {
    const kept = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const lines = kept?.['lines'];
    const comment = kept?.['comment'];
    return {
      comment: typeof comment === 'string' ? comment : '',
      lines: Array.isArray(lines) ? lines.filter(isLine) : []
    };
  } catch {
    // What this browser kept cannot be read any more; the reviewer begins anew.
    return NOTHING;
  }
}

function keyOf(member: string | null, hash: string): string {
  return `review:${member ?? ''}:${hash}`;
}

/** What a member had written on a submission and did not send. */
export function draftsOf(memory: Memory, member: string | null, hash: string): Drafts {
  return read(memory.getItem(keyOf(member, hash)));
}

/** The comments of one member's review of one submission, kept in this browser until they are sent. */
export class ReviewDrafts {
  readonly changed = new Signal<this, Drafts>(this);
  private readonly memory: Memory;
  private readonly key: string;
  private drafts: Drafts;

  /** With `before`, the hash of a submission that was overtaken, the comment on that one is taken along. */
  constructor(memory: Memory, member: string | null, hash: string, before: string | null = null) {
    this.memory = memory;
    this.key = keyOf(member, hash);
    this.drafts = draftsOf(memory, member, hash);
    if (this.drafts.comment === '' && before !== null && before !== hash) {
      this.drafts = { ...this.drafts, comment: draftsOf(memory, member, before).comment };
    }
  }

  get current(): Drafts {
    return this.drafts;
  }

  say(comment: string): void {
    this.take({ ...this.drafts, comment });
  }

  add(line: number, text: string): void {
    const lines = [...this.drafts.lines, { line, text }];
    lines.sort((one, other) => one.line - other.line);
    this.take({ ...this.drafts, lines });
  }

  remove(comment: LineComment): void {
    this.take({ ...this.drafts, lines: this.drafts.lines.filter(each => each !== comment) });
  }

  /** Forgets everything: it was sent. */
  clear(): void {
    this.take(NOTHING);
  }

  private take(drafts: Drafts): void {
    this.drafts = drafts;
    if (drafts.comment === '' && drafts.lines.length === 0) {
      this.memory.removeItem(this.key);
    } else {
      this.memory.setItem(this.key, JSON.stringify(drafts));
    }
    this.changed.emit(drafts);
  }
}

/** What members said beside lines, one remark for each. */
export function remarksOf(opinions: readonly Opinion[]): readonly LineRemark[] {
  return opinions.flatMap(({ member, line_comments }) =>
    line_comments.map(({ line, text }) => ({ line, text, who: member }))
  );
}

/** The remarks in a code view: what others signed, and one's own that are not sent yet. */
export class Remarks {
  readonly changed = new Signal<this, readonly LineRemark[]>(this);
  private readonly drafts: ReviewDrafts | null;
  private readonly edit: (comment: LineComment) => void;
  private said: readonly LineRemark[];
  private all: readonly LineRemark[] = [];

  constructor(
    said: readonly LineRemark[],
    drafts: ReviewDrafts | null = null,
    edit: (comment: LineComment) => void = () => undefined
  ) {
    this.said = said;
    this.drafts = drafts;
    this.edit = edit;
    drafts?.changed.connect(() => {
      this.renew();
    });
    this.renew();
  }

  get current(): readonly LineRemark[] {
    return this.all;
  }

  /** Takes what others said now. */
  hear(said: readonly LineRemark[]): void {
    if (JSON.stringify(said) !== JSON.stringify(this.said)) {
      this.said = said;
      this.renew();
    }
  }

  private renew(): void {
    const { drafts } = this;
    const own = (drafts?.current.lines ?? []).map(comment => ({
      ...comment,
      who: trans.__('You, not sent yet'),
      actions: [
        {
          label: trans.__('Edit'),
          press: () => {
            drafts?.remove(comment);
            this.edit(comment);
          }
        },
        {
          label: trans.__('Remove'),
          press: () => {
            drafts?.remove(comment);
          }
        }
      ]
    }));
    this.all = [...this.said, ...own];
    this.changed.emit(this.all);
  }
}
