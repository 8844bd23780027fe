import { checkIcon, circleEmptyIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Run } from '../api/shapes';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';

/** The steps of a run, ticked as they begin. */
export function Steps(props: { readonly run: Run }): ReactElement {
  const { steps, active } = props.run;
  const newest = steps.filter(step => step.at !== null).length - 1;
  return (
    <ol className="jp-SecureJobs-steps" aria-label={trans.__('Steps of the run')}>
      {steps.map((step, at) => {
        const now = active && at === newest;
        const Icon = (step.at !== null && !now ? checkIcon : circleEmptyIcon).react;
        return (
          <li key={step.phase} aria-current={now ? 'step' : undefined}>
            <Icon tag="span" elementSize="normal" aria-hidden="true" />
            <span>
              {step.label}
              {step.detail !== '' && ` · ${step.detail}`}
            </span>
            {now && <span>{trans.__('now')}</span>}
            {step.at !== null && <LocalTime at={step.at} />}
          </li>
        );
      })}
    </ol>
  );
}
