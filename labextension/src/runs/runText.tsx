import { useEffect, useMemo, useRef, useState, type ReactElement } from 'react';

import type { Run } from '../api/shapes';
import { trans } from '../ui/translation';
import { differenceOf, type DifferentLine } from './difference';
import { VisibleText } from './visible';

function linesOf(code: string): readonly DifferentLine[] {
  return code.split('\n').map((text, at) => ({ mark: ' ', number: at + 1, text }));
}

/** The full text that a run ran, with one of its lines in view, and how it differs from the present text. */
export function RunText(props: {
  readonly run: Run;
  readonly code: string;
  readonly present: string;
  readonly line: number | null;
  readonly close: () => void;
}): ReactElement {
  const { run, code, present, line, close } = props;
  const [compared, setCompared] = useState(false);
  const frame = useRef<HTMLElement>(null);
  const same = code === present;
  const lines = useMemo(
    () => (compared && !same ? differenceOf(code, present) : linesOf(code)),
    [compared, same, code, present]
  );
  useEffect(() => {
    frame.current?.focus();
    frame.current?.scrollIntoView({ block: 'nearest' });
    frame.current?.querySelector('.jp-mod-meant')?.scrollIntoView({ block: 'center' });
  }, [run.id, line]);
  const title = trans.__('Text of %1 run %2', run.kind, run.number);
  return (
    <section ref={frame} tabIndex={-1} aria-label={title} className="jp-SecureJobs-runtext">
      <div className="jp-SecureJobs-toolbar">
        <strong>{title}</strong>
        <span>{trans.__('version %1', run.version)}</span>
        {same ? (
          <span>{trans.__('The same as the present text.')}</span>
        ) : (
          <button
            type="button"
            className="jp-SecureJobs-action"
            aria-pressed={compared}
            onClick={() => {
              setCompared(!compared);
            }}
          >
            {trans.__('What changed since')}
          </button>
        )}
        <button type="button" className="jp-SecureJobs-action" onClick={close}>
          {trans.__('Close')}
        </button>
      </div>
      <pre className="jp-SecureJobs-code" tabIndex={0} role="region" aria-label={title}>
        {lines.map((each, at) => (
          <span
            key={at}
            className={[
              'jp-SecureJobs-textline',
              each.mark === '+' ? 'jp-mod-added' : each.mark === '−' ? 'jp-mod-removed' : '',
              !compared && each.number === line ? 'jp-mod-meant' : ''
            ].join(' ')}
          >
            <span className="jp-SecureJobs-linenumber">
              {each.mark} {each.number}
            </span>
            <span dir="ltr">
              <VisibleText text={each.text} />
            </span>
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  );
}
