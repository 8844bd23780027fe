import { caretDownIcon } from '@jupyterlab/ui-components';
import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { trans } from '../ui/translation';

/** Several of many, chosen by checkboxes that a button unfolds. */
export function CheckMenu(props: {
  readonly label: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly chosen: readonly string[];
  readonly change: (chosen: string[]) => void;
}): ReactElement {
  const { label, options, chosen, change } = props;
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open) {
      return undefined;
    }
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
  const labels = options.filter(([value]) => chosen.includes(value)).map(([, each]) => each);
  const said =
    labels.length === 0
      ? trans.__('any')
      : labels.length < 3
        ? labels.join(', ')
        : trans.__('%1 chosen', labels.length);
  return (
    <div
      className="jp-SecureJobs-checkmenu"
      ref={frame}
      onKeyDown={event => {
        if (open && event.key === 'Escape') {
          event.stopPropagation();
          setOpen(false);
          button.current?.focus();
        }
      }}
      onBlur={event => {
        if (
          event.relatedTarget instanceof Node &&
          !event.currentTarget.contains(event.relatedTarget)
        ) {
          setOpen(false);
        }
      }}
    >
      <button
        ref={button}
        type="button"
        className="jp-SecureJobs-action"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {label}: {said}
        <caretDownIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      </button>
      {open && (
        <fieldset id={id}>
          <legend className="jp-SecureJobs-live">{label}</legend>
          {options.map(([value, each]) => (
            <label key={value}>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={event => {
                  const rest = chosen.filter(one => one !== value);
                  change(event.target.checked ? [...rest, value] : rest);
                }}
              />{' '}
              {each}
            </label>
          ))}
          <button
            type="button"
            className="jp-SecureJobs-link"
            onClick={() => {
              change([]);
            }}
          >
            {trans.__('Any')}
          </button>
        </fieldset>
      )}
    </div>
  );
}
