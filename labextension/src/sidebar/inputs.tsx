import { useCallback, useSyncExternalStore, type ReactElement } from 'react';

import { InputVariables } from '../inputs/variables';
import type { JobWidget } from '../job/widget';
import type { Pages } from '../pages';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';

function InputsOf(props: { readonly page: JobWidget }): ReactElement | null {
  const { job, draft } = props.page;
  const { detail } = useCurrent(job);
  const { pending } = useCurrent(draft);
  if (detail === null) {
    return null;
  }
  const inputs = pending.inputs ?? detail.version.inputs;
  const shown = { ...detail, version: { ...detail.version, inputs } };
  return (
    <>
      <p>
        <bdi className="jp-SecureJobs-name">{detail.name}</bdi>
      </p>
      <InputVariables detail={shown} draft={draft} adding={0} />
    </>
  );
}

/** The input variables of the job page in front. */
export function FrontInputs(props: { readonly pages: Pages }): ReactElement {
  const { pages } = props;
  const subscribe = useCallback(
    (draw: () => void) => {
      pages.frontChanged.connect(draw);
      return () => {
        pages.frontChanged.disconnect(draw);
      };
    },
    [pages]
  );
  const page = useSyncExternalStore(subscribe, () => pages.front);
  return (
    <div className="jp-SecureJobs-section">
      {page === null ? (
        // In a low part it has to be scrolled to, by keyboard as well.
        <p tabIndex={0}>{trans.__('Open a job to see its variables.')}</p>
      ) : (
        <InputsOf key={page.job.id} page={page} />
      )}
    </div>
  );
}
