import { Fragment, useRef, type KeyboardEvent, type ReactElement, type ReactNode } from 'react';
import {
  Panel,
  PanelGroup,
  PanelResizeHandle,
  type ImperativePanelGroupHandle
} from 'react-resizable-panels';

import type { Memory } from './memory';
import { trans } from './translation';

/** One of the panels that share a space; sizes are in per cent. */
export interface SplitPanel {
  readonly key: string;
  readonly content: ReactNode;
  readonly size: number;
  readonly least: number;
}

const STEP = 5;
const KEYS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  horizontal: { ArrowLeft: -STEP, ArrowRight: STEP },
  vertical: { ArrowUp: -STEP, ArrowDown: STEP }
};

/**
 * Panels with bars between them: dragged by mouse, moved by arrow keys on the bar, and the first bar
 * by Alt+Shift+arrow from anywhere inside. Sizes are remembered in this browser.
 */
export function Split(props: {
  readonly name: string;
  readonly memory: Memory;
  readonly direction: 'horizontal' | 'vertical';
  readonly label: string;
  readonly panels: readonly SplitPanel[];
  readonly after?: ReactNode;
}): ReactElement {
  const { name, memory, direction, label, panels, after } = props;
  const group = useRef<ImperativePanelGroupHandle>(null);
  const resize = (event: KeyboardEvent): void => {
    const step = KEYS[direction]?.[event.key];
    const [first, second, ...rest] = group.current?.getLayout() ?? [];
    if (
      step === undefined ||
      !event.altKey ||
      !event.shiftKey ||
      first === undefined ||
      second === undefined
    ) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const moved = Math.max(-first, Math.min(second, step));
    group.current?.setLayout([first + moved, second - moved, ...rest]);
  };
  return (
    <div className={`jp-SecureJobs-split jp-mod-${direction}`} onKeyDown={resize}>
      <PanelGroup
        ref={group}
        autoSaveId={`${name}-${panels.map(each => each.key).join('-')}`}
        direction={direction}
        storage={memory}
        keyboardResizeBy={STEP}
      >
        {panels.map((panel, at) => (
          <Fragment key={panel.key}>
            {at > 0 && (
              <PanelResizeHandle
                className="jp-SecureJobs-bar"
                aria-label={label}
                title={trans.__('Drag, or use the arrow keys')}
              />
            )}
            <Panel id={panel.key} order={at} defaultSize={panel.size} minSize={panel.least}>
              {panel.content}
            </Panel>
          </Fragment>
        ))}
      </PanelGroup>
      {after}
    </div>
  );
}
