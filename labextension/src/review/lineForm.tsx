import { useEffect, useId, useRef, useState, type FormEvent, type ReactElement } from 'react';

import { COMMENT_KEY } from '../editor/lineComments';
import { TextArea } from '../ui/fields';
import { trans } from '../ui/translation';

const LONGEST = 1000;

/** What a comment on a line begins with; each asking has a count of its own. */
export interface AskedLine {
  readonly line: number;
  readonly text: string;
  readonly count: number;
}

/** The field for a comment on one line of the code: by the line's number, so that no pointer is needed. */
export function LineForm(props: {
  readonly lines: number;
  readonly asked: AskedLine | null;
  readonly open: () => void;
  readonly add: (line: number, text: string) => void;
  readonly close: () => void;
}): ReactElement {
  const { lines, asked, open, add, close } = props;
  const button = useRef<HTMLButtonElement>(null);
  return asked === null ? (
    <p>
      <button ref={button} type="button" className="jp-SecureJobs-action" onClick={open}>
        {trans.__('Comment on a line…')}
      </button>{' '}
      <small>
        {trans.__('Or press + beside the line, or %1 on it.', COMMENT_KEY.replaceAll('+', ' + '))}
      </small>
    </p>
  ) : (
    <Fields key={asked.count} lines={lines} asked={asked} add={add} close={close} />
  );
}

function Fields(props: {
  readonly lines: number;
  readonly asked: AskedLine;
  readonly add: (line: number, text: string) => void;
  readonly close: () => void;
}): ReactElement {
  const { lines, asked, add, close } = props;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [line, setLine] = useState(asked.line);
  const [text, setText] = useState(asked.text);
  useEffect(() => {
    form.current?.querySelector('textarea')?.focus();
  }, []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === '') {
      form.current?.querySelector('textarea')?.focus();
    } else {
      add(line, text);
    }
  };
  return (
    <form
      ref={form}
      className="jp-SecureJobs-form jp-SecureJobs-lineform"
      aria-label={trans.__('Comment on a line')}
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <div className="jp-SecureJobs-field">
        <label htmlFor={id}>{trans.__('Comment on line')}</label>
        <input
          id={id}
          className="jp-mod-styled"
          type="number"
          min={1}
          max={lines}
          required
          value={Number.isNaN(line) ? '' : line}
          onChange={event => {
            setLine(event.target.valueAsNumber);
          }}
        />
      </div>
      <TextArea
        label={trans.__('What you want to say about it')}
        longest={LONGEST}
        rows={2}
        value={text}
        change={setText}
        about={trans.__('It is sent with your decision; every member can read it.')}
      />
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          {trans.__('Add comment')}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}
