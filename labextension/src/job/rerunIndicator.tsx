import { refreshIcon } from '@jupyterlab/ui-components';
import { useId, useRef, type ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import type { DraftModel } from '../draft/model';
import { trans } from '../ui/translation';
import type { JobPlace } from './places';
import { useWish } from './useWish';

const DATE_LENGTH = 'YYYY-MM-DD'.length;

type Grant = JobDetail['version']['grant'];

/** The bounds of the reruns that are asked for; both are part of what is accepted. */
function Bounds(props: {
  readonly grant: Grant;
  readonly change: (grant: Partial<Grant>) => void;
}): ReactElement {
  const { grant, change } = props;
  const id = useId();
  return (
    <span className="jp-SecureJobs-bounds">
      <label htmlFor={`${id}-runs`}>{trans.__('most runs')}</label>
      <input
        id={`${id}-runs`}
        className="jp-mod-styled"
        type="number"
        min={1}
        placeholder={trans.__('any')}
        value={grant.most_runs ?? ''}
        onChange={event => {
          change({ most_runs: event.target.value === '' ? null : Number(event.target.value) });
        }}
      />
      <label htmlFor={`${id}-until`}>{trans.__('until the end of (UTC)')}</label>
      <input
        id={`${id}-until`}
        className="jp-mod-styled"
        type="date"
        value={grant.until?.slice(0, DATE_LENGTH) ?? ''}
        onChange={event => {
          change({ until: event.target.value === '' ? null : `${event.target.value}T23:59:59Z` });
        }}
      />
    </span>
  );
}

/** At the upper right: whether reruns are requested or approved. In a draft the author asks for them here. */
export function RerunIndicator(props: {
  readonly detail: JobDetail;
  readonly draft: DraftModel;
  readonly place: JobPlace;
  readonly connected: boolean;
}): ReactElement | null {
  const { detail, draft, place, connected } = props;
  const box = useRef<HTMLInputElement>(null);
  useWish(place, 'reruns', () => {
    box.current?.focus();
  });
  const asking = detail.actions.find(each => each.name === 'request_reruns' && each.allowed);
  const { grant } = detail.version;
  if (asking !== undefined) {
    const change = (part: Partial<Grant>): void => {
      draft.change({ grant: { ...grant, ...part } });
    };
    return (
      <div className="jp-SecureJobs-rerun" role="group" aria-label={trans.__('Rerun approval')}>
        <label className="jp-SecureJobs-check">
          <input
            type="checkbox"
            ref={box}
            disabled={!connected}
            checked={grant.reruns}
            onChange={event => {
              const reruns = event.target.checked;
              change(reruns ? { reruns } : { reruns, most_runs: null, until: null });
            }}
          />{' '}
          {detail.rerun_indicator ?? asking.label}
        </label>
        {grant.reruns && <Bounds grant={grant} change={change} />}
      </div>
    );
  }
  return detail.rerun_indicator === null ? null : (
    <div className="jp-SecureJobs-rerun" role="note" aria-label={trans.__('Rerun approval')}>
      <refreshIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      {detail.rerun_indicator}
    </div>
  );
}
