import { useState, type ReactElement } from 'react';

import { TextField } from '../ui/fields';
import { trans } from '../ui/translation';
import { namesIn, numberIn, shown, type Typed } from './typed';

function inDigits(value: number | null): string {
  return value === null ? '' : String(value);
}

/** A whole number, or nothing; what is no number waits in the field and is not sent. */
export function NumberField(props: {
  readonly label: string;
  readonly about?: string;
  readonly value: number | null;
  readonly change: (value: number | null) => void;
  /** Whether nothing stands for no number here. */
  readonly required?: boolean;
}): ReactElement {
  const { label, about, value, change, required = false } = props;
  const [typed, setTyped] = useState<Typed<number | null> | null>(null);
  const text = shown(typed, value, inDigits);
  return (
    <TextField
      label={label}
      about={
        numberIn(text, required) === undefined ? trans.__('A number in digits, please.') : about
      }
      value={text}
      change={next => {
        const meant = numberIn(next, required);
        setTyped({ text: next, at: meant === undefined ? value : meant });
        if (meant !== undefined) {
          change(meant);
        }
      }}
    />
  );
}

function inCommas(value: readonly string[]): string {
  return value.join(', ');
}

/** Names separated by commas. */
export function NamesField(props: {
  readonly label: string;
  readonly about: string;
  readonly value: readonly string[];
  readonly change: (value: string[]) => void;
}): ReactElement {
  const { label, about, value, change } = props;
  const [typed, setTyped] = useState<Typed<readonly string[]> | null>(null);
  return (
    <TextField
      label={label}
      about={about}
      value={shown(typed, value, inCommas)}
      change={text => {
        const meant = namesIn(text);
        setTyped({ text, at: meant });
        change(meant);
      }}
    />
  );
}
