import { useId, type ReactElement } from 'react';

import { trans } from './translation';

/** The passphrase of the member's key store: never remembered, neither here nor by the browser. */
export function PassphraseField(props: {
  readonly value: string;
  readonly change: (value: string) => void;
}): ReactElement {
  const { value, change } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{trans.__('Passphrase')}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type="password"
        autoComplete="off"
        value={value}
        onChange={event => {
          change(event.target.value);
        }}
      />
    </div>
  );
}
