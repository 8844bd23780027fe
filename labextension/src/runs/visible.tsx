import type { ReactElement } from 'react';

import { nameOf, pieces } from '../editor/hidden';

/** Somebody else's text as it is: what a reader would not see is written as its code, right-to-left words stay apart. */
export function VisibleText(props: { readonly text: string }): ReactElement {
  const cut = pieces(props.text);
  if (cut.every(piece => piece.kind === 'plain')) {
    return <>{props.text}</>;
  }
  return (
    <>
      {cut.map((piece, at) => {
        if (piece.kind === 'plain') {
          return <span key={at}>{piece.text}</span>;
        }
        if (piece.kind === 'isolated') {
          return (
            <bdi key={at} dir="rtl">
              {piece.text}
            </bdi>
          );
        }
        const name = nameOf(piece.text.codePointAt(0) ?? 0);
        return (
          <span key={at} className="jp-SecureJobs-unseen" title={name}>
            {name.split(' ', 1)[0]}
          </span>
        );
      })}
    </>
  );
}
