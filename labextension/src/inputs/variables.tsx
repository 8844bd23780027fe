import { useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { InputVariable, JobDetail } from '../api/shapes';
import type { DraftModel } from '../draft/model';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { VariableForm } from './variableForm';

/** The variables without the one of this name, or with it in its old place. */
function replaced(
  all: readonly InputVariable[],
  name: string | null,
  made: InputVariable | null
): InputVariable[] {
  const at = all.findIndex(each => each.name === name);
  const rest = all.filter(each => each.name !== name);
  if (made !== null) {
    rest.splice(at === -1 ? rest.length : at, 0, made);
  }
  return rest;
}

/** The job's input variables; its author adds, edits and deletes them while it is a draft. */
export function InputVariables(props: {
  readonly detail: JobDetail;
  readonly draft: DraftModel;
  /** Grows when somebody wants to add one. */
  readonly adding: number;
}): ReactElement {
  const { detail, draft, adding } = props;
  const inputs = detail.version.inputs;
  const editable = detail.actions.some(each => each.name === 'add_input' && each.allowed);
  const [editing, setEditing] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (asked !== adding) {
    setAsked(adding);
    setEditing('');
  }
  const save = async (name: string | null, made: InputVariable | null): Promise<void> => {
    const before = inputs;
    draft.change({ inputs: replaced(inputs, name, made) });
    try {
      await draft.flush();
    } catch (reason) {
      // The form keeps what was typed; the draft goes on without it.
      draft.change({ inputs: before });
      throw reason;
    }
  };
  return (
    <div className="jp-SecureJobs-section">
      {inputs.length === 0 && (
        <p>
          {editable
            ? trans.__(
                'None yet. A variable’s value is chosen for each run: :name in SQL, inputs["name"] in Python.'
              )
            : trans.__('This job asks for no input.')}
        </p>
      )}
      <ul aria-label={trans.__('Input variables of %1', detail.name)}>
        {inputs.map(variable => (
          <li key={variable.name}>
            <div className="jp-SecureJobs-line">
              <span className="jp-SecureJobs-row">
                <span />
                <code className="jp-SecureJobs-name">{variable.name}</code>
                <span className="jp-SecureJobs-about">{variable.constraint || variable.type}</span>
                {variable.description !== '' && <span dir="auto">{variable.description}</span>}
              </span>
              {editable && (
                <>
                  <button
                    type="button"
                    className="jp-SecureJobs-link"
                    aria-label={trans.__('Edit %1', variable.name)}
                    onClick={() => {
                      setEditing(variable.name);
                    }}
                  >
                    {trans.__('Edit')}
                  </button>
                  <button
                    type="button"
                    className="jp-SecureJobs-link"
                    aria-label={trans.__('Delete %1', variable.name)}
                    onClick={() => {
                      setProblem(null);
                      save(variable.name, null).catch((reason: unknown) => {
                        setProblem(asProblem(reason));
                      });
                    }}
                  >
                    {trans.__('Delete')}
                  </button>
                </>
              )}
            </div>
            {editable && editing === variable.name && (
              <VariableForm
                variable={variable}
                save={made => save(variable.name, made)}
                close={() => {
                  setEditing(null);
                }}
              />
            )}
          </li>
        ))}
      </ul>
      {problem !== null && <ProblemNotice problem={problem} />}
      {editable && editing === '' && (
        <VariableForm
          variable={null}
          save={made => save(null, made)}
          close={() => {
            setEditing(null);
          }}
        />
      )}
      {editable && editing !== '' && (
        <button
          type="button"
          className="jp-SecureJobs-action"
          onClick={() => {
            setEditing('');
          }}
        >
          {trans.__('Add Input Variable')}
        </button>
      )}
    </div>
  );
}
