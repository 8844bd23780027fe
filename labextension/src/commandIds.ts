/** Fetches everything shown again. */
export const REFRESH = 'secure-jobs:refresh';
/** Puts a job cell into the notebook in front. */
export const INSERT_CELL = 'secure-jobs:insert-cell';
/** Asks for a name and a beginning, makes a draft and opens its page. */
export const NEW_JOB = 'secure-jobs:new-job';
/** Opens a job's page; with `workspace`, `job`, and where in it. */
export const OPEN_JOB = 'secure-jobs:open-job';
/** Opens the list of all jobs. */
export const OPEN_LIST = 'secure-jobs:open-list';
/** Opens the audit log; with `job`, narrowed to it. */
export const OPEN_AUDIT = 'secure-jobs:open-audit';
/** Opens the list of what happened that concerns the member. */
export const OPEN_NOTICES = 'secure-jobs:open-notices';
/** Opens a page by its id, as the layout restorer asks. */
export const OPEN_PAGE = 'secure-jobs:open-page';
/** Opens the page of the job that the active cell's output shows. */
export const OPEN_CARD = 'secure-jobs:open-card';
