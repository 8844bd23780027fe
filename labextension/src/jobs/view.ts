import type { Sorting } from '../lists/table.js';

/** Which jobs the list page shows: of which group, in which states, with which text, and how sorted. */
export interface View {
  readonly group: string;
  readonly statuses: readonly string[];
  readonly text: string;
  readonly sorting: Sorting;
}

export const FIRST_VIEW: View = {
  group: '',
  statuses: [],
  text: '',
  sorting: { by: 'updated', order: 'desc' }
};

const ORDERS = ['asc', 'desc'] as const;

/** What the list was last; anything that cannot be read is as it was at first. */
export function viewOf(remembered: string | null): View {
  let read: unknown;
  try {
    read = JSON.parse(remembered ?? 'null');
  } catch {
    return FIRST_VIEW;
  }
  if (typeof read !== 'object' || read === null) {
    return FIRST_VIEW;
  }
  const { group, statuses, text, by, order } = read as Readonly<Record<string, unknown>>;
  return {
    group: typeof group === 'string' ? group : FIRST_VIEW.group,
    statuses: Array.isArray(statuses)
      ? statuses.filter((each): each is string => typeof each === 'string')
      : FIRST_VIEW.statuses,
    text: typeof text === 'string' ? text : FIRST_VIEW.text,
    sorting: {
      by: typeof by === 'string' ? by : FIRST_VIEW.sorting.by,
      order: ORDERS.find(each => each === order) ?? FIRST_VIEW.sorting.order
    }
  };
}

/** What this browser keeps of a view. */
export function remembered(view: View): string {
  const { group, statuses, text, sorting } = view;
  return JSON.stringify({ group, statuses, text, ...sorting });
}

/** The part of the query that narrows, the same for the list and for the count. */
export function narrowing(view: View): string {
  const said = new URLSearchParams();
  if (view.statuses.length > 0) {
    said.set('status', view.statuses.join(','));
  }
  if (view.text !== '') {
    said.set('q', view.text);
  }
  return said.toString();
}
