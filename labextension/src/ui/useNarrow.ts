import { useCallback, useRef, useState } from 'react';

/** Whether an element is narrower than `limit` pixels; give the first value to it as its ref. */
export function useNarrow(limit: number): [(node: HTMLElement | null) => void, boolean] {
  const [narrow, setNarrow] = useState(false);
  const observer = useRef<ResizeObserver | null>(null);
  const watch = useCallback(
    (node: HTMLElement | null) => {
      observer.current?.disconnect();
      observer.current = null;
      if (node !== null) {
        observer.current = new ResizeObserver(entries => {
          const width = entries[0]?.contentRect.width ?? 0;
          if (width > 0) {
            setNarrow(width < limit);
          }
        });
        observer.current.observe(node);
      }
    },
    [limit]
  );
  return [watch, narrow];
}
