import type { InputVariable } from '../api/shapes';

/** A variable as its form holds it: everything as typed. */
export interface InputTexts {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly start: string;
  readonly low: string;
  readonly high: string;
  readonly pattern: string;
  readonly choices: string;
}

/** The types of variables, in the field's own words; the server checks each declaration. */
export const TYPES = [
  'string',
  'integer',
  'number',
  'boolean',
  'date',
  'timestamp',
  'choice',
  'multiple choice'
] as const;

/** Which bounds a type can have: the form asks for no others. */
export const BOUNDS: Readonly<
  Record<string, readonly ('range' | 'length' | 'pattern' | 'choices')[]>
> = {
  string: ['length', 'pattern'],
  integer: ['range'],
  number: ['range'],
  date: ['range'],
  timestamp: ['range'],
  choice: ['choices'],
  'multiple choice': ['choices']
};

export const NEW_INPUT: InputTexts = {
  name: '',
  type: 'integer',
  description: '',
  start: '',
  low: '',
  high: '',
  pattern: '',
  choices: ''
};

export function textsOf(variable: InputVariable): InputTexts {
  const { default: start } = variable;
  return {
    name: variable.name,
    type: variable.type,
    description: variable.description,
    start: start === null ? '' : Array.isArray(start) ? start.join('\n') : String(start),
    low: variable.low ?? '',
    high: variable.high ?? '',
    pattern: variable.pattern ?? '',
    choices: variable.choices.join('\n')
  };
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

function startOf(texts: InputTexts): string | number | boolean | string[] | null {
  const { start, type } = texts;
  if (type === 'boolean') {
    return start === 'true' ? true : start === 'false' ? false : null;
  }
  if (type === 'multiple choice') {
    return start.trim() === '' ? null : lines(start);
  }
  if (start.trim() === '') {
    return null;
  }
  // A number that JavaScript cannot hold exactly goes as text: the server reads it as what it is.
  const number = Number(start);
  const exact =
    type === 'integer' ? Number.isSafeInteger(number) : type === 'number' && !Number.isNaN(number);
  return exact ? number : start;
}

/** The declaration to send; fields that its type does not have are left out, whatever was typed there before. */
export function declarationOf(texts: InputTexts): InputVariable {
  const bounds = BOUNDS[texts.type] ?? [];
  const bounded = bounds.includes('range') || bounds.includes('length');
  return {
    name: texts.name.trim(),
    type: texts.type,
    default: startOf(texts),
    description: texts.description,
    low: bounded && texts.low.trim() !== '' ? texts.low.trim() : null,
    high: bounded && texts.high.trim() !== '' ? texts.high.trim() : null,
    pattern: bounds.includes('pattern') && texts.pattern !== '' ? texts.pattern : null,
    choices: bounds.includes('choices') ? lines(texts.choices) : [],
    constraint: ''
  };
}
