import type { ReactElement } from 'react';

import type { InputVariable, Run } from '../api/shapes';
import { trans } from '../ui/translation';

/** The values of one form, as typed: the server reads text as each variable's type. */
export type InputValues = Readonly<Record<string, string | boolean | readonly string[]>>;

const HTML_TYPES: Readonly<Record<string, string>> = { date: 'date' };

function startingValue(variable: InputVariable): string | boolean | readonly string[] {
  const { default: value, type } = variable;
  if (type === 'boolean') {
    return value === true;
  }
  if (type === 'multiple choice') {
    return Array.isArray(value) ? value.map(String) : [];
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The defaults of a form. */
export function startingValues(variables: readonly InputVariable[]): InputValues {
  return Object.fromEntries(variables.map(each => [each.name, startingValue(each)]));
}

/** The values of a run; the defaults of what it had none for. */
export function valuesOf(variables: readonly InputVariable[], inputs: Run['inputs']): InputValues {
  return startingValues(
    variables.map(each => ({ ...each, default: inputs[each.name] ?? each.default }))
  );
}

interface FieldProps {
  readonly id: string;
  readonly variable: InputVariable;
  readonly value: InputValues[string] | undefined;
  readonly change: (value: InputValues[string]) => void;
}

function Entry(props: FieldProps): ReactElement {
  const { id, variable, value, change } = props;
  const described = { id, 'aria-describedby': `${id}-about` };
  if (variable.type === 'boolean') {
    return (
      <input
        {...described}
        type="checkbox"
        checked={value === true}
        onChange={event => {
          change(event.target.checked);
        }}
      />
    );
  }
  if (variable.choices.length > 0) {
    const multiple = variable.type === 'multiple choice';
    const chosen = typeof value === 'boolean' || value === undefined ? '' : value;
    return (
      <select
        {...described}
        multiple={multiple}
        value={chosen}
        onChange={event => {
          const all = Array.from(event.target.selectedOptions, option => option.value);
          change(multiple ? all : (all[0] ?? ''));
        }}
      >
        {!multiple && <option value="">{trans.__('Choose…')}</option>}
        {variable.choices.map(choice => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...described}
      className="jp-mod-styled"
      type={HTML_TYPES[variable.type] ?? 'text'}
      autoComplete="off"
      value={typeof value === 'string' ? value : ''}
      onChange={event => {
        change(event.target.value);
      }}
    />
  );
}

/** One field for each input variable. Values are visible to all members, and the form says so. */
export function InputFields(props: {
  readonly prefix: string;
  readonly variables: readonly InputVariable[];
  readonly values: InputValues;
  readonly change: (values: InputValues) => void;
}): ReactElement {
  const { prefix, variables, values, change } = props;
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Input variables')}</legend>
      {variables.length === 0 && <p>{trans.__('This version asks for no input.')}</p>}
      {variables.map(variable => {
        const id = `${prefix}-${variable.name}`;
        return (
          <div key={variable.name} className="jp-SecureJobs-field">
            <label htmlFor={id}>{variable.name}</label>
            <Entry
              id={id}
              variable={variable}
              value={values[variable.name]}
              change={value => {
                change({ ...values, [variable.name]: value });
              }}
            />
            <small id={`${id}-about`}>
              {variable.constraint}
              {variable.description ? ` · ${variable.description}` : ''}
            </small>
          </div>
        );
      })}
      {variables.length > 0 && (
        <p>{trans.__('All members of the workspace can see these values.')}</p>
      )}
    </fieldset>
  );
}
