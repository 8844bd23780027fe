import { useEffect, useState, type ReactElement } from 'react';

import type { Connection } from '../api/connection';
import { useLoaded } from '../api/useLoaded';
import type { ReviewStatement } from '../api/shapes';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';

const SHORT_HASH = 19;

/** A hash, short enough to compare by eye; the whole one on demand. */
export function Hash(props: { readonly value: string }): ReactElement {
  const [whole, setWhole] = useState(false);
  return (
    <button
      type="button"
      className="jp-SecureJobs-hash"
      aria-label={trans.__('Version hash %1', props.value)}
      title={trans.__('Show the whole hash')}
      onClick={() => {
        setWhole(!whole);
      }}
    >
      <code>{whole ? props.value : `${props.value.slice(0, SHORT_HASH)}…`}</code>
    </button>
  );
}

/** What a signature will be about, from the statement that the member side fetched, verified and parsed itself. */
export function Signed(props: {
  readonly connection: Connection;
  readonly path: string;
  /** Told the hash of the version that is live, once it was verified: nothing else is signed for. */
  readonly verified: (hash: string) => void;
}): ReactElement {
  const { connection, path, verified } = props;
  const { value, problem, retry } = useLoaded<ReviewStatement>(
    connection,
    `member/${path}/review?of=live`
  );
  const hash = value?.version_hash;
  useEffect(() => {
    if (hash !== undefined) {
      verified(hash);
    }
  }, [hash, verified]);
  if (problem !== null) {
    return <ProblemNotice problem={problem} retry={retry} />;
  }
  if (value === null) {
    return <p role="status">{trans.__('Checking the version that you are about to sign for…')}</p>;
  }
  return (
    <div className="jp-SecureJobs-signed">
      <p>{trans.__('You sign for version %1, as this side verified it:', value.number)}</p>
      <p dir="auto">{value.sentence}</p>
      <Hash value={value.version_hash} />
    </div>
  );
}
