import { useState, type ReactElement, type ReactNode } from 'react';

/**
 * Something under a summary that is made when it is first unfolded: opening a result or a log is an event of the job's
 * history, so that nothing is opened which nobody asked to see. `forced` unfolds it from outside.
 */
export function Folded(props: {
  readonly summary: string;
  readonly forced?: boolean;
  readonly children: () => ReactNode;
}): ReactElement {
  const { summary, forced, children } = props;
  const [open, setOpen] = useState(false);
  const [heard, setHeard] = useState(false);
  if (forced === true && !heard) {
    setHeard(true);
    setOpen(true);
  }
  if (forced !== true && heard) {
    setHeard(false);
  }
  return (
    <details
      open={open}
      onToggle={event => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{summary}</summary>
      {open && children()}
    </details>
  );
}
