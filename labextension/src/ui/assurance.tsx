import { Dialog, showDialog } from '@jupyterlab/apputils';
import { lockIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import { trans } from './translation';

function Explanation(props: { readonly text: string | undefined }): ReactElement {
  const { text } = props;
  return (
    // Longer than a small window: the focus is what arrows scroll.
    <div
      className="jp-SecureJobs-assurance"
      role="region"
      tabIndex={0}
      aria-label={trans.__('What is protected')}
    >
      {text !== undefined && text !== '' && <p dir="auto">{text}</p>}
      <h3>{trans.__('What is protected')}</h3>
      <p>
        {trans.__(
          'The rows of every dataset, from publication on: they are decrypted for one accepted run, in the worker’s enclave, and the result is sealed for the author’s organisation.'
        )}
      </p>
      <h3>{trans.__('From whom')}</h3>
      <p>
        {trans.__(
          'From the workspace server and whoever runs it, from the network, and from every member who has no right to them. No code runs on the data that one of the other members has not accepted.'
        )}
      </p>
      <h3>{trans.__('Not from whom')}</h3>
      <p>
        {trans.__(
          'Not from root on the worker’s host, and not from the operating-system account that the worker runs under: a software enclave is an ordinary process. Hardware evidence would be needed against those.'
        )}
      </p>
      <h3>{trans.__('How it is shown')}</h3>
      <p>
        {trans.__(
          'Each run’s receipt names the evidence: the worker’s platform key from the signed worker list and the measurement of the enclave’s files. Every key service checks both before it releases a key.'
        )}
      </p>
    </div>
  );
}

/** Says which assurance there is, always in words; opens what it means, with what the member side says of it. */
export function AssuranceChip(props: { readonly text?: string | undefined }): ReactElement {
  const title = trans.__('Software enclave, not hardware');
  const explain = (): void => {
    void showDialog({
      title,
      body: ReactWidget.create(<Explanation text={props.text} />),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  };
  return (
    <button type="button" className="jp-SecureJobs-chip" aria-haspopup="dialog" onClick={explain}>
      <lockIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      {title}
    </button>
  );
}
