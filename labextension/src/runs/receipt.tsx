import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, circleEmptyIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Receipt } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import { AssuranceChip } from '../ui/assurance';
import { ProblemNotice } from '../ui/problemNotice';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';
import { fileNameOf } from './download';
import type { PartProps } from './parts';
import { SaveButtons, type Saving } from './saving';

const ENDING = 'bundle.json';

/** The command that checks a saved bundle on any machine, without this server. */
function commandFor(name: string): string {
  return `jupyter secure-jobs verify "${name}.${ENDING}"`;
}

/** A job run's receipt as this side verified it just now, and how anybody can do so again offline. */
export function ReceiptPart(props: PartProps): ReactElement {
  const { desk, run, path } = props;
  const { connection } = desk.model;
  const { value, problem, retry } = useLoaded<Receipt>(
    connection,
    `${path}/receipt`,
    '',
    !run.active
  );
  if (run.active) {
    return <p>{trans.__('The receipt comes when the run ends.')}</p>;
  }
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Verifying every statement behind this run…')}</p>;
  }
  // The same name stands in the command: nothing in it may mean something to a shell.
  const name = fileNameOf(run).replaceAll(/[^\p{L}\p{N} ._-]/gu, '_');
  const command = commandFor(name);
  const files: Saving[] = [
    { label: trans.__('Download bundle'), path: value.bundle, extension: ENDING }
  ];
  if (run.can_open && run.has_result) {
    files.push({
      label: trans.__('Download bundle with the digest of the rows'),
      path: `${value.bundle}?opened=true`,
      extension: ENDING
    });
  }
  return (
    <section className="jp-SecureJobs-receipt" aria-label={trans.__('Receipt')}>
      <div className="jp-SecureJobs-toolbar">
        <strong>{trans.__('Verified by this side')}</strong>
        <AssuranceChip />
        <SaveButtons
          connection={connection}
          name={name}
          files={files}
          told={sentence => {
            desk.model.announce(sentence);
          }}
        />
      </div>
      <p className="jp-SecureJobs-verdict" dir="auto">
        {value.verdict}
      </p>
      <p>
        {trans.__('Receipt')} <code>{value.hash}</code>
      </p>
      <dl className="jp-SecureJobs-proof">
        {value.lines.map((line, at) => {
          const Icon = (line.verified ? checkIcon : circleEmptyIcon).react;
          return (
            <div key={at}>
              <dt>
                <Icon tag="span" elementSize="normal" aria-hidden="true" />
                <span dir="auto">{line.what}</span>
                <small>{line.verified ? trans.__('verified') : trans.__('no proof')}</small>
              </dt>
              <dd dir="auto">
                {line.found}
                {(line.by.length > 0 || line.at !== null || line.entry !== null) && (
                  <small>
                    {line.by.length > 0 && trans.__('Signed by %1.', line.by.join(', '))}{' '}
                    {line.at !== null && <LocalTime at={line.at} />}{' '}
                    {line.entry !== null && trans.__('Entry %1 of the log.', line.entry)}
                  </small>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      <p>{trans.__('Anybody can verify the bundle offline, without this server:')}</p>
      <pre
        className="jp-SecureJobs-code"
        tabIndex={0}
        role="region"
        aria-label={trans.__('Command')}
      >
        {command}
      </pre>
      <button
        type="button"
        className="jp-SecureJobs-action"
        onClick={() => {
          Clipboard.copyToSystem(command);
          desk.model.announce(trans.__('Command copied.'));
        }}
      >
        {trans.__('Copy command')}
      </button>
    </section>
  );
}
