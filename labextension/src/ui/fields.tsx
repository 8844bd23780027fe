import { useId, type ReactElement, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly about?: ReactNode;
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly longest?: number;
  readonly type?: 'text' | 'number' | 'date';
  readonly readOnly?: boolean;
  readonly placeholder?: string;
}

/** One line of text with its label; with a longest length it counts what was typed. */
export function TextField(props: TextProps): ReactElement {
  const { label, about, value, change, longest, type, readOnly, placeholder } = props;
  const id = useId();
  const told = longest !== undefined || about !== undefined;
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type={type ?? 'text'}
        dir="auto"
        autoComplete="off"
        aria-describedby={told ? `${id}-about` : undefined}
        maxLength={longest}
        readOnly={readOnly}
        placeholder={placeholder}
        value={value}
        onChange={event => {
          change(event.target.value);
        }}
      />
      {told && (
        <small id={`${id}-about`}>
          {longest !== undefined && `${Array.from(value).length}/${longest} `}
          {about}
        </small>
      )}
    </div>
  );
}

/** Text of several lines. */
export function TextArea(
  props: Omit<TextProps, 'type'> & { readonly rows?: number }
): ReactElement {
  const { label, about, value, change, longest, rows, readOnly } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="jp-mod-styled"
        dir="auto"
        aria-describedby={`${id}-about`}
        maxLength={longest}
        readOnly={readOnly}
        rows={rows ?? 3}
        value={value}
        onChange={event => {
          change(event.target.value);
        }}
      />
      <small id={`${id}-about`}>
        {longest !== undefined && `${Array.from(value).length}/${longest} `}
        {about}
      </small>
    </div>
  );
}

/** A choice of one among a few; each may be called otherwise than its value. */
export function ChoiceField<T extends string>(
  props: FieldProps & {
    readonly value: T;
    readonly options: readonly (readonly [value: T, label: string])[];
    readonly change: (value: T) => void;
  }
): ReactElement {
  const { label, about, value, options, change } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        aria-describedby={about === undefined ? undefined : `${id}-about`}
        value={value}
        onChange={event => {
          const chosen = options[event.target.selectedIndex];
          if (chosen !== undefined) {
            change(chosen[0]);
          }
        }}
      >
        {options.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
      {about !== undefined && <small id={`${id}-about`}>{about}</small>}
    </div>
  );
}

/** A checkbox with its label beside it. */
export function CheckField(
  props: FieldProps & { readonly checked: boolean; readonly change: (checked: boolean) => void }
): ReactElement {
  const { label, about, checked, change } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label className="jp-SecureJobs-check">
        <input
          type="checkbox"
          aria-describedby={about === undefined ? undefined : `${id}-about`}
          checked={checked}
          onChange={event => {
            change(event.target.checked);
          }}
        />{' '}
        {label}
      </label>
      {about !== undefined && <small id={`${id}-about`}>{about}</small>}
    </div>
  );
}
