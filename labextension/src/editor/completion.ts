import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult
} from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';

import type { Dataset, InputVariable } from '../api/shapes';

/** What there is to complete, as it is at the moment of typing. */
export interface Vocabulary {
  readonly datasets: readonly Dataset[];
  readonly inputs: readonly InputVariable[];
}

const WORD = /[:\w.`]*$/u;

function tables(vocabulary: Vocabulary): Completion[] {
  return vocabulary.datasets.map(({ name, owner }) => ({
    label: name,
    type: 'class',
    detail: owner,
    boost: 2
  }));
}

function columns(datasets: readonly Dataset[]): Completion[] {
  const found = new Map<string, Completion>();
  for (const dataset of datasets) {
    for (const { name, type } of dataset.columns) {
      const before = found.get(name)?.info;
      found.set(name, {
        label: name,
        type: 'property',
        detail: type,
        info: typeof before === 'string' ? `${before}, ${dataset.name}` : dataset.name
      });
    }
  }
  return [...found.values()];
}

/** What could stand at the cursor: columns after `table.`, inputs after a colon, else everything. */
export function completionsAt(
  before: string,
  vocabulary: Vocabulary
): { readonly start: number; readonly options: Completion[] } | null {
  const word = WORD.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  if (word.startsWith(':')) {
    const options = vocabulary.inputs.map(({ name, constraint }) => ({
      label: `:${name}`,
      type: 'variable',
      detail: constraint
    }));
    return options.length === 0 ? null : { start, options };
  }
  const dot = word.lastIndexOf('.');
  if (dot >= 0) {
    const table = word.slice(0, dot).replaceAll('`', '');
    const named = vocabulary.datasets.filter(({ name }) => name === table);
    return named.length === 0 ? null : { start: start + dot + 1, options: columns(named) };
  }
  const inputs = vocabulary.inputs.map(({ name, constraint }) => ({
    label: name,
    type: 'variable',
    detail: constraint
  }));
  return {
    start,
    options: [...tables(vocabulary), ...columns(vocabulary.datasets), ...inputs]
  };
}

/** Completion of the workspace's tables and columns and of the job's input variables. */
export function completion(vocabulary: () => Vocabulary): Extension {
  const source = (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const found = completionsAt(line.text.slice(0, context.pos - line.from), vocabulary());
    if (
      found === null ||
      (!context.explicit &&
        found.start === context.pos - line.from &&
        !line.text.slice(0, context.pos - line.from).endsWith('.'))
    ) {
      return null;
    }
    return { from: line.from + found.start, options: found.options, validFor: /^[:\w]*$/u };
  };
  return autocompletion({ override: [source], icons: true });
}
