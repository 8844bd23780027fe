import type { ISignal } from '@lumino/signaling';
import { useCallback, useSyncExternalStore } from 'react';

/** Something that holds one value, replaced and never changed, and tells when it is. */
export interface Holder<T> {
  readonly changed: ISignal<unknown, unknown>;
  readonly current: T;
}

/** The newest value of a model; the component draws again when it is replaced. */
export function useCurrent<T>(holder: Holder<T>): T {
  const subscribe = useCallback(
    (draw: () => void) => {
      holder.changed.connect(draw);
      return () => {
        holder.changed.disconnect(draw);
      };
    },
    [holder]
  );
  return useSyncExternalStore(subscribe, () => holder.current);
}
