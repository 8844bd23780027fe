import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { InputVariable } from '../api/shapes';
import { ChoiceField, TextArea, TextField } from '../ui/fields';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { BOUNDS, declarationOf, NEW_INPUT, textsOf, TYPES, type InputTexts } from './change';

/** Adds or edits one input variable; the server says what of it is wrong, and nothing typed is lost. */
export function VariableForm(props: {
  readonly variable: InputVariable | null;
  readonly save: (variable: InputVariable) => Promise<void>;
  readonly close: () => void;
}): ReactElement {
  const { variable, save, close } = props;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [texts, setTexts] = useState<InputTexts>(variable === null ? NEW_INPUT : textsOf(variable));
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = (part: Partial<InputTexts>): void => {
    setTexts({ ...texts, ...part });
  };
  const field = (name: keyof InputTexts) => ({
    value: texts[name],
    change: (value: string) => {
      change({ [name]: value });
    }
  });
  const bounds = BOUNDS[texts.type] ?? [];
  useEffect(() => {
    form.current?.querySelector('input')?.focus();
  }, []);
  return (
    <form
      ref={form}
      className="jp-SecureJobs-form"
      aria-labelledby={`${id}-title`}
      onSubmit={event => {
        event.preventDefault();
        setProblem(null);
        save(declarationOf(texts))
          .then(close)
          .catch((reason: unknown) => {
            setProblem(asProblem(reason));
          });
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <h4 id={`${id}-title`}>
        {variable === null
          ? trans.__('New input variable')
          : trans.__('Input variable %1', variable.name)}
      </h4>
      <TextField label={trans.__('Name')} {...field('name')} />
      <ChoiceField<string>
        label={trans.__('Type')}
        value={texts.type}
        options={TYPES.map(type => [type, type] as const)}
        change={type => {
          change({ type });
        }}
      />
      {bounds.includes('range') && (
        <>
          <TextField label={trans.__('Lowest value')} {...field('low')} />
          <TextField label={trans.__('Highest value')} {...field('high')} />
        </>
      )}
      {bounds.includes('length') && (
        <>
          <TextField label={trans.__('Shortest length')} {...field('low')} />
          <TextField label={trans.__('Longest length')} {...field('high')} />
        </>
      )}
      {bounds.includes('pattern') && (
        <TextField label={trans.__('Pattern (regular expression)')} {...field('pattern')} />
      )}
      {bounds.includes('choices') && (
        <TextArea label={trans.__('Choices, one a line')} {...field('choices')} />
      )}
      {texts.type === 'boolean' ? (
        <ChoiceField<string>
          label={trans.__('Default')}
          value={texts.start}
          options={[
            ['', trans.__('none')],
            ['true', 'true'],
            ['false', 'false']
          ]}
          change={start => {
            change({ start });
          }}
        />
      ) : texts.type === 'multiple choice' ? (
        <TextArea label={trans.__('Default choices, one a line')} {...field('start')} />
      ) : (
        <TextField
          label={trans.__('Default')}
          about={trans.__('Empty: a value must be given for every run.')}
          {...field('start')}
        />
      )}
      <TextField label={trans.__('Description')} {...field('description')} />
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="submit" className="jp-mod-styled jp-mod-accept">
          {trans.__('Save variable')}
        </button>
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={close}>
          {trans.__('Close')}
        </button>
      </div>
    </form>
  );
}
