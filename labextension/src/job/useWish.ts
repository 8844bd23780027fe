import { useEffect, useRef } from 'react';

import { useCurrent } from '../ui/useCurrent';
import type { JobPlace } from './places';

/** Does `grant` once for each wish of this kind, also for one that was made before this part was there. */
export function useWish(place: JobPlace, what: string, grant: (line: number) => void): void {
  const { wish } = useCurrent(place);
  const newest = useRef(grant);
  useEffect(() => {
    newest.current = grant;
  });
  useEffect(() => {
    if (wish.what === what) {
      place.heard(wish.count);
      newest.current(wish.line ?? 1);
    }
  }, [place, what, wish]);
}
