import { Dialog, showDialog } from '@jupyterlab/apputils';
import { lockIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

const SOFTWARE = 'Software enclave, not hardware';

function Explanation(): ReactElement {
  return (
    <div className="jp-SecureJobs-assurance">
      <h3>What is protected</h3>
      <p>
        The rows of every dataset, from publication on: they are decrypted for one accepted run, in
        the worker’s enclave, and the result is sealed for the author’s organisation.
      </p>
      <h3>From whom</h3>
      <p>
        From the workspace server and whoever runs it, from the network, and from every member who
        has no right to them. No code runs on the data that one of the other members has not
        accepted.
      </p>
      <h3>Not from whom</h3>
      <p>
        Not from root on the worker’s host, and not from the operating-system account that the
        worker runs under: a software enclave is an ordinary process. Hardware evidence would be
        needed against those.
      </p>
      <h3>How it is shown</h3>
      <p>
        Each run’s receipt names the evidence: the worker’s platform key from the signed worker list
        and the measurement of the enclave’s files. Every key service checks both before it releases
        a key.
      </p>
    </div>
  );
}

/** Says which assurance there is, always in words; opens what it means. */
export function AssuranceChip(): ReactElement {
  const explain = (): void => {
    void showDialog({
      title: SOFTWARE,
      body: ReactWidget.create(<Explanation />),
      buttons: [Dialog.okButton({ label: 'Close' })]
    });
  };
  return (
    <button type="button" className="jp-SecureJobs-chip" aria-haspopup="dialog" onClick={explain}>
      <lockIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      {SOFTWARE}
    </button>
  );
}
