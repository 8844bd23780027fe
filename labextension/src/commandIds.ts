/** Fetches everything shown again. */
export const REFRESH = 'secure-jobs:refresh';
/** Puts a job cell into the notebook in front. */
export const INSERT_CELL = 'secure-jobs:insert-cell';
/** Puts a starter script into the notebook in front. */
export const INSERT_TEMPLATE = 'secure-jobs:insert-template';
