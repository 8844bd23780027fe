import { caretDownIcon } from '@jupyterlab/ui-components';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';

/** One entry of a menu. One with a `reason` does nothing, stays reachable and says why. */
export interface MenuItem {
  readonly key: string;
  readonly label: string;
  readonly reason: string | null;
  readonly press: () => void;
}

/** A button that opens a menu, as the ARIA practices have it: arrows move, Escape closes, letters find. */
export function MenuButton(props: {
  readonly label: string;
  readonly items: readonly MenuItem[];
}): ReactElement {
  const { label, items } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = (): HTMLElement[] => [
    ...(frame.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])
  ];

  useEffect(() => {
    if (!open) {
      return undefined;
    }
    list()[0]?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && frame.current?.contains(event.target) === false) {
        setOpen(false);
      }
    };
    document.addEventListener('pointerdown', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
    };
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const walk = (event: KeyboardEvent): void => {
    const all = list();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const last = all.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: at >= last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      Home: 0,
      End: last
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      all[target]?.focus();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === 'Tab') {
      setOpen(false);
    } else if (event.key.length === 1) {
      const letter = event.key.toLocaleLowerCase();
      const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      order.find(each => each.textContent.trim().toLocaleLowerCase().startsWith(letter))?.focus();
    }
  };

  return (
    <div className="jp-SecureJobs-menu" ref={frame}>
      <button
        ref={button}
        type="button"
        className="jp-SecureJobs-action"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
        }}
        onKeyDown={event => {
          if (event.key === 'ArrowDown' && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {label}
        <caretDownIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      </button>
      {open && (
        <div id={id} role="menu" aria-label={label} onKeyDown={walk}>
          {items.map(item => (
            <div
              key={item.key}
              role="menuitem"
              tabIndex={-1}
              aria-labelledby={`${id}-${item.key}-label`}
              aria-disabled={item.reason !== null}
              aria-describedby={item.reason === null ? undefined : `${id}-${item.key}`}
              onClick={() => {
                if (item.reason === null) {
                  close();
                  item.press();
                }
              }}
              onKeyDown={event => {
                if ((event.key === 'Enter' || event.key === ' ') && item.reason === null) {
                  event.preventDefault();
                  close();
                  item.press();
                }
              }}
            >
              <span id={`${id}-${item.key}-label`}>{item.label}</span>
              {item.reason !== null && (
                <span id={`${id}-${item.key}`} className="jp-SecureJobs-reason">
                  {item.reason}
                </span>
              )}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
