import { useEffect, useRef, useState } from 'react';

import type { Page } from '../api/shapes';
import type { WorkspaceModel } from '../workspace/model';
import { useCurrent } from '../ui/useCurrent';
import { PagedList } from './paged';

/** Items of one answer: enough for any screen, little enough to come at once. */
const PAGE = 50;

/**
 * A list of the workspace that is shown, as long as the component is: `question` is its path with what narrows and
 * sorts it, or null if it is not wanted now.
 */
export function usePaged<T>(
  model: WorkspaceModel,
  question: string | null,
  keyOf: (item: T) => string
): PagedList<T> {
  const shown = useCurrent(model);
  const [list] = useState(
    () =>
      new PagedList<T>((asked, after, signal) => {
        const joint = asked.includes('?') ? '&' : '?';
        const cursor = after === null ? '' : `&after=${encodeURIComponent(after)}`;
        return model.connection.json<Page<T>>(`${asked}${joint}limit=${PAGE}${cursor}`, { signal });
      }, keyOf)
  );
  const wanted = shown.workspace === null ? null : question;
  const owner = `${model.acting ?? ''} ${shown.workspace ?? ''}`;
  useEffect(() => {
    list.ask(wanted, owner);
  }, [list, wanted, owner]);
  // What was fetched at first is as new as the move that was seen by then.
  const seen = useRef(shown.moved);
  useEffect(() => {
    if (shown.moved > seen.current) {
      seen.current = shown.moved;
      list.moved();
    }
  }, [list, shown.moved]);
  useEffect(
    () => () => {
      list.dispose();
    },
    [list]
  );
  return list;
}
