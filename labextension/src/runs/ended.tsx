import { Clipboard } from '@jupyterlab/apputils';
import type { ReactElement } from 'react';

import type { Run } from '../api/shapes';
import { trans } from '../ui/translation';
import { duration, spansOf } from './measures';
import { VisibleText } from '../ui/visibleText';

function reportOf(run: Run): string {
  const parts = [
    trans.__('%1, %2 run %3', run.job_name, run.kind, run.number),
    run.error_class,
    run.error_line === null ? null : trans.__('line %1', run.error_line),
    run.error_text
  ];
  return parts.filter(part => part !== null).join(' · ');
}

/** Why a run gave nothing: its class, its line with a way there, and a report to copy. */
export function Failure(props: {
  readonly run: Run;
  /** The line itself, if the text is at hand. */
  readonly line: string | null;
  /** Goes to the line; its words say where. */
  readonly go: { readonly label: string; readonly press: () => void } | null;
  readonly told: (sentence: string) => void;
}): ReactElement {
  const { run, line, go, told } = props;
  return (
    <section className="jp-SecureJobs-problem" aria-label={trans.__('What went wrong')}>
      <p>
        <strong>{run.error_class}</strong>
        {run.error_line !== null && ` · ${trans.__('line %1', run.error_line)}`}
        {go !== null && (
          <button type="button" className="jp-SecureJobs-link" onClick={go.press}>
            {go.label}
          </button>
        )}
      </p>
      {line !== null && (
        <pre className="jp-SecureJobs-quoted" dir="auto">
          <VisibleText text={line} />
        </pre>
      )}
      {run.error_text !== null && (
        <p dir="auto" className="jp-SecureJobs-told">
          <VisibleText text={run.error_text.trim()} />
        </p>
      )}
      {run.next_step !== null && <p>{run.next_step}</p>}
      <p>
        <button
          type="button"
          className="jp-SecureJobs-link"
          onClick={() => {
            Clipboard.copyToSystem(reportOf(run));
            told(trans.__('Report copied.'));
          }}
        >
          {trans.__('Copy report')}
        </button>
      </p>
    </section>
  );
}

/** Where the time of a run that ended went, step by step. */
export function Spent(props: { readonly run: Run }): ReactElement | null {
  const { run } = props;
  const spans = spansOf(run.steps, run.finished);
  return spans.length === 0 ? null : (
    <details className="jp-SecureJobs-spent">
      <summary>{trans.__('Where the time went')}</summary>
      <table className="jp-SecureJobs-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Step')}</th>
            <th scope="col">{trans.__('Lasted')}</th>
          </tr>
        </thead>
        <tbody>
          {spans.map(span => (
            <tr key={span.label}>
              <td>{span.label}</td>
              <td className="jp-mod-number">{duration(span.milliseconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
