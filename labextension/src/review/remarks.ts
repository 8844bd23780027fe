import { Signal } from '@lumino/signaling';

import type { LineRemark } from '../editor/lineComments';
import { trans } from '../ui/translation';
import type { LineComment, ReviewDrafts } from './drafts';

/** A member's decision, as far as a page shows its comments. */
export interface Opinion {
  readonly member: string;
  readonly line_comments: readonly { readonly line: number; readonly text: string }[];
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
  private own: readonly LineComment[] = [];
  private all: readonly LineRemark[] = [];

  constructor(
    said: readonly LineRemark[],
    drafts: ReviewDrafts | null = null,
    edit: (comment: LineComment) => void = () => undefined
  ) {
    this.said = said;
    this.drafts = drafts;
    this.edit = edit;
    drafts?.changed.connect((_, { lines }) => {
      // Every key in a form changes the drafts; the code is drawn anew for a comment beside it alone.
      if (lines !== this.own) {
        this.renew();
      }
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
    this.own = drafts?.current.lines ?? [];
    const own = this.own.map(comment => ({
      ...comment,
      who: trans.__('You, not sent yet'),
      actions: [
        {
          label: trans.__('Edit'),
          press: () => {
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
