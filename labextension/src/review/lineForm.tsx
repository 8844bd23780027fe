import { useEffect, useId, useRef, type FormEvent, type ReactElement } from 'react';

import { COMMENT_KEY } from '../editor/lineComments';
import { TextArea } from '../ui/fields';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { OpenForm, ReviewDrafts } from './drafts';

const LONGEST = 1000;

/** How often the form was asked for; `busy` when it holds other text that was not added yet. */
export interface Asked {
  readonly count: number;
  readonly busy: boolean;
}

/** The field for a comment on one line of the code: by the line's number, so that no pointer is needed. */
export function LineForm(props: {
  readonly lines: number;
  readonly drafts: ReviewDrafts;
  readonly asked: Asked;
  readonly open: () => void;
  /** The form was closed; the line that it was about. */
  readonly closed: (line: number) => void;
}): ReactElement {
  const { lines, drafts, asked, open, closed } = props;
  const { form } = useCurrent(drafts);
  return form === null ? (
    <p>
      <button type="button" className="jp-SecureJobs-action" onClick={open}>
        {trans.__('Comment on a line…')}
      </button>{' '}
      <small>
        {trans.__('Or press + beside the line, or %1 on it.', COMMENT_KEY.replaceAll('+', ' + '))}
      </small>
    </p>
  ) : (
    <Fields lines={lines} drafts={drafts} form={form} asked={asked} closed={closed} />
  );
}

function Fields(props: {
  readonly lines: number;
  readonly drafts: ReviewDrafts;
  readonly form: OpenForm;
  readonly asked: Asked;
  readonly closed: (line: number) => void;
}): ReactElement {
  const { lines, drafts, form, asked, closed } = props;
  const id = useId();
  const frame = useRef<HTMLFormElement>(null);
  const { line, text, replaces } = form;
  useEffect(() => {
    // A form that was left open before the page was loaded anew does not take the focus.
    if (asked.count > 0) {
      frame.current?.querySelector('textarea')?.focus();
    }
  }, [asked]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '' || line === null) {
      frame.current?.querySelector('textarea')?.focus();
    } else {
      drafts.add();
      closed(line);
    }
  };
  const cancel = (): void => {
    drafts.cancel();
    closed(line ?? 1);
  };
  return (
    <form
      ref={frame}
      className="jp-SecureJobs-form jp-SecureJobs-lineform"
      aria-label={trans.__('Comment on a line')}
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          cancel();
        }
      }}
    >
      {asked.busy && (
        <p role="alert">{trans.__('Add this comment or cancel it before you edit another.')}</p>
      )}
      <div className="jp-SecureJobs-field">
        <label htmlFor={id}>{trans.__('Comment on line')}</label>
        <input
          id={id}
          className="jp-mod-styled"
          type="number"
          min={1}
          max={lines}
          required
          value={line ?? ''}
          onChange={event => {
            const typed = event.target.valueAsNumber;
            drafts.type({ line: Number.isNaN(typed) ? null : typed });
          }}
        />
      </div>
      <TextArea
        label={trans.__('What you want to say about it')}
        longest={LONGEST}
        rows={2}
        value={text}
        change={typed => {
          drafts.type({ text: typed });
        }}
        about={trans.__('It is sent with your decision; every member can read it.')}
      />
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          {replaces === null ? trans.__('Add comment') : trans.__('Replace comment')}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={cancel}>
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}
