import {
  LabIcon,
  checkIcon,
  circleEmptyIcon,
  circleIcon,
  closeIcon,
  editIcon,
  errorIcon,
  historyIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';

// Four people's keys around one lock; drawn for this extension.
const SECURE_JOBS = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M8 1 2 3.2v4.3c0 3.6 2.5 6.3 6 7.5 3.5-1.2 6-3.9 6-7.5V3.2L8 1zm0 1.5 4.6 1.7v3.3c0 2.8-1.8 4.9-4.6 5.9-2.8-1-4.6-3.1-4.6-5.9V4.2L8 2.5z"/>
    <path d="m6.4 5.2 4.2 2.8-4.2 2.8z"/>
  </g>
</svg>`;

/** The extension's own icon: a shield with a run mark. */
export const secureJobsIcon = new LabIcon({ name: 'jupyter-secure-jobs:job', svgstr: SECURE_JOBS });

/** How each status looks; the word beside it always says the same. */
const STATUS_ICONS: Readonly<Record<string, LabIcon>> = {
  Draft: editIcon,
  'Under Review': historyIcon,
  Accepted: checkIcon,
  Queued: circleEmptyIcon,
  Running: runIcon,
  Succeeded: checkIcon,
  Failed: errorIcon,
  Cancelled: stopIcon,
  Archived: closeIcon
};

/** Every status by its word, in the order of a job's life. */
export const STATUSES: readonly string[] = Object.keys(STATUS_ICONS);

export function statusIcon(status: string): LabIcon {
  return STATUS_ICONS[status] ?? circleIcon;
}
