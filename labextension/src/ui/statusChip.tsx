import type { ReactElement } from 'react';

import { statusIcon } from './icons';

/** A status as icon and words, never colour alone. */
export function StatusChip(props: {
  readonly status: string;
  readonly text: string;
}): ReactElement {
  const { status, text } = props;
  const Icon = statusIcon(status).react;
  return (
    <span className="jp-SecureJobs-status">
      <Icon tag="span" elementSize="normal" aria-hidden="true" />
      {text}
    </span>
  );
}
