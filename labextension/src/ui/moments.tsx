import { Fragment, type ReactElement } from 'react';

import { localTime } from './time';

const MOMENT = /\b(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))/;

/** A text of the server in which moments stand as the wire has them: shown in local time. */
export function WithMoments(props: { readonly text: string }): ReactElement {
  return (
    <span dir="auto">
      {props.text.split(MOMENT).map((part, index) => (
        <Fragment key={index}>
          {MOMENT.test(part) ? <time dateTime={part}>{localTime(new Date(part))}</time> : part}
        </Fragment>
      ))}
    </span>
  );
}

/** The same as a plain sentence. */
export function withMoments(text: string): string {
  return text
    .split(MOMENT)
    .map(part => (MOMENT.test(part) ? localTime(new Date(part)) : part))
    .join('');
}
