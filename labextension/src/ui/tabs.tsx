import {
  useId,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
  type ReactNode
} from 'react';

/** One tab: what it is called and what it shows. */
export interface TabItem<T extends string> {
  readonly key: T;
  readonly label: string;
  readonly content: ReactNode;
}

/**
 * Tabs as the ARIA practices have them: one stop for Tab, arrows choose. A panel that was opened stays, so that
 * nothing typed or scrolled is lost; one that was never opened is not made.
 */
export function Tabs<T extends string>(props: {
  readonly label: string;
  readonly items: readonly TabItem<T>[];
  readonly chosen: T;
  readonly choose: (key: T) => void;
  readonly extra?: ReactNode;
}): ReactElement {
  const { label, items, chosen, choose, extra } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState<readonly T[]>([chosen]);
  if (!seen.includes(chosen)) {
    setSeen([...seen, chosen]);
  }
  const walk = (event: KeyboardEvent): void => {
    const at = items.findIndex(item => item.key === chosen);
    const forward = getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
    const last = items.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: (at + forward + items.length) % items.length,
      ArrowLeft: (at - forward + items.length) % items.length,
      Home: 0,
      End: last
    };
    const target = items[targets[event.key] ?? -1];
    if (target !== undefined) {
      event.preventDefault();
      choose(target.key);
      list.current?.querySelector<HTMLElement>(`[data-tab="${target.key}"]`)?.focus();
    }
  };
  return (
    <div className="jp-SecureJobs-tabs">
      <div className="jp-SecureJobs-tabline">
        <div role="tablist" aria-label={label} ref={list} onKeyDown={walk}>
          {items.map(item => (
            <button
              key={item.key}
              type="button"
              role="tab"
              data-tab={item.key}
              id={`${id}-${item.key}`}
              aria-controls={`${id}-${item.key}-panel`}
              aria-selected={item.key === chosen}
              tabIndex={item.key === chosen ? 0 : -1}
              onClick={() => {
                choose(item.key);
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
        {extra}
      </div>
      {items.map(item => (
        <div
          key={item.key}
          role="tabpanel"
          id={`${id}-${item.key}-panel`}
          aria-labelledby={`${id}-${item.key}`}
          className="jp-SecureJobs-tabpanel"
          hidden={item.key !== chosen}
        >
          {seen.includes(item.key) && item.content}
        </div>
      ))}
    </div>
  );
}
