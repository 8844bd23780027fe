import { useId, type ReactElement } from 'react';

import type { DraftTexts } from './change';

const LONGEST_NAME = 50;
const LONGEST_DESCRIPTION = 150;
const LANGUAGES: readonly DraftTexts['language'][] = ['sql', 'python'];
const LOG_POLICIES: readonly DraftTexts['logPolicy'][] = ['standard', 'errors', 'full'];

interface FieldsProps {
  readonly texts: DraftTexts;
  readonly change: (changed: Partial<DraftTexts>) => void;
}

function Choice<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly T[];
  readonly change: (value: T) => void;
}): ReactElement {
  const { label, value, options, change } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={event => {
          const chosen = options[event.target.selectedIndex];
          if (chosen !== undefined) {
            change(chosen);
          }
        }}
      >
        {options.map(option => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </div>
  );
}

function Line(props: {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly longest?: number;
  readonly type?: string;
}): ReactElement {
  const { label, value, change, longest, type } = props;
  const id = useId();
  return (
    <div className="jp-SecureJobs-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="jp-mod-styled"
        type={type ?? 'text'}
        maxLength={longest}
        value={value}
        onChange={event => {
          change(event.target.value);
        }}
      />
      {longest !== undefined && (
        <small>
          {value.length}/{longest}
        </small>
      )}
    </div>
  );
}

/** Rerun approval: asked for with a checkbox, bounded if the author wants; both are accepted with it. */
function Reruns(props: FieldsProps): ReactElement {
  const { texts, change } = props;
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>Rerun approval</legend>
      <label>
        <input
          type="checkbox"
          checked={texts.reruns}
          onChange={event => {
            change({ reruns: event.target.checked });
          }}
        />{' '}
        Request approval for reruns
      </label>
      {texts.reruns && (
        <>
          <Line
            label="Most runs (empty: no bound)"
            type="number"
            value={texts.mostRuns}
            change={mostRuns => {
              change({ mostRuns });
            }}
          />
          <Line
            label="Until the end of (UTC, empty: no bound)"
            type="date"
            value={texts.until}
            change={until => {
              change({ until });
            }}
          />
        </>
      )}
    </fieldset>
  );
}

/** The fields of a draft that this page can change. */
export function DraftFields(props: FieldsProps): ReactElement {
  const { texts, change } = props;
  const id = useId();
  return (
    <>
      <Line
        label="Name"
        longest={LONGEST_NAME}
        value={texts.name}
        change={name => {
          change({ name });
        }}
      />
      <Line
        label="Description"
        longest={LONGEST_DESCRIPTION}
        value={texts.description}
        change={description => {
          change({ description });
        }}
      />
      <Choice
        label="Language"
        value={texts.language}
        options={LANGUAGES}
        change={language => {
          change({ language });
        }}
      />
      <label htmlFor={`${id}-code`}>Code</label>
      <textarea
        id={`${id}-code`}
        className="jp-mod-styled jp-SecureJobs-editor"
        spellCheck={false}
        rows={16}
        value={texts.code}
        onChange={event => {
          change({ code: event.target.value });
        }}
      />
      <Choice
        label="Log policy"
        value={texts.logPolicy}
        options={LOG_POLICIES}
        change={logPolicy => {
          change({ logPolicy });
        }}
      />
      <Reruns texts={texts} change={change} />
    </>
  );
}
