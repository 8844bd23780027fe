import { checkIcon, circleEmptyIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Run } from '../api/shapes';
import { LocalTime } from '../ui/time';
import { trans } from '../ui/translation';

/** The steps of a run, ticked as they begin. */
export function Steps(props: { readonly run: Run }): ReactElement {
  const { steps } = props.run;
  const newest = steps.filter(step => step.at !== null).length - 1;
  return (
    <ol className="jp-SecureJobs-steps" aria-label={trans.__('Steps of the run')}>
      {steps.map((step, at) => {
        const Icon = (step.at !== null && at < newest ? checkIcon : circleEmptyIcon).react;
        return (
          <li key={step.phase} aria-current={at === newest ? 'step' : undefined}>
            <Icon tag="span" elementSize="normal" aria-hidden="true" />
            <span>
              {step.label}
              {step.detail !== '' && ` · ${step.detail}`}
            </span>
            {step.at !== null && <LocalTime at={step.at} />}
          </li>
        );
      })}
    </ol>
  );
}
