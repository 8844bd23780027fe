import { useCallback, useSyncExternalStore } from 'react';

import type { Snapshot, WorkspaceModel } from './model';

/** The model's newest snapshot; the component draws again when it is replaced. */
export function useSnapshot(model: WorkspaceModel): Snapshot {
  const subscribe = useCallback(
    (draw: () => void) => {
      model.changed.connect(draw);
      return () => {
        model.changed.disconnect(draw);
      };
    },
    [model]
  );
  return useSyncExternalStore(subscribe, () => model.current);
}
