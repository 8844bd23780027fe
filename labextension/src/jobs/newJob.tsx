import { Dialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { JobDetail, Script } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Page } from '../api/shapes';
import type { Desk } from '../desk';
import { TextField } from '../ui/fields';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';

const LONGEST_NAME = 50;

/** What a draft may begin with. */
interface Start {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly language: Script['language'];
  readonly code: string;
}

const LANGUAGES = { sql: 'Spark SQL', python: 'PySpark' } as const;

function starts(scripts: readonly Script[]): Start[] {
  return [
    {
      key: 'empty-sql',
      title: trans.__('Your own query, in SQL'),
      about: trans.__('An empty draft. The rows of its last statement are the result.'),
      language: 'sql',
      code: ''
    },
    {
      key: 'empty-python',
      title: trans.__('Your own query, in Python'),
      about: trans.__('An empty draft. “spark” is there; its last DataFrame is the result.'),
      language: 'python',
      code: ''
    },
    ...scripts.map(script => ({
      key: script.name,
      title: script.title,
      about: trans.__(
        'Starter script in %1, filled in with this workspace’s tables.',
        LANGUAGES[script.language]
      ),
      language: script.language,
      code: script.code
    }))
  ];
}

/** A free name like the title: the title itself, cut to what a name may be. */
function nameFrom(title: string): string {
  return Array.from(title).slice(0, LONGEST_NAME).join('').trim();
}

function Form(props: {
  readonly desk: Desk;
  readonly made: (job: JobDetail) => void;
  readonly cancel: () => void;
}): ReactElement {
  const { desk, made, cancel } = props;
  const { model } = desk;
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const {
    value,
    problem: unread,
    retry
  } = useLoaded<Page<Script>>(model.connection, model.path('starter-scripts'));
  const [typed, setTyped] = useState<string | null>(null);
  const [key, setKey] = useState('empty-sql');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [working, setWorking] = useState(false);
  useEffect(() => {
    form.current?.querySelector('input')?.focus();
  }, []);
  const all = starts(value?.items ?? []);
  const start = all.find(each => each.key === key);
  // The name of a starter script is proposed until somebody types another.
  const name = typed ?? (start === undefined || start.code === '' ? '' : nameFrom(start.title));
  const create = async (from: Start): Promise<void> => {
    const { language, code } = from;
    const job = await model.connection.json<JobDetail>(model.path('jobs'), {
      method: 'POST',
      body: { name: name.trim(), language, code }
    });
    made(job);
    await model.refresh();
  };
  const empty = name.trim() === '';
  return (
    <form
      ref={form}
      className="jp-SecureJobs-newjob"
      aria-label={trans.__('New job')}
      onSubmit={event => {
        event.preventDefault();
        if (start !== undefined && !working && !empty) {
          setProblem(null);
          setWorking(true);
          create(start).catch((reason: unknown) => {
            setProblem(asProblem(reason));
            setWorking(false);
          });
        }
      }}
    >
      <TextField
        label={trans.__('Name')}
        about={trans.__('Unique in the workspace; every member sees it.')}
        longest={LONGEST_NAME}
        value={name}
        change={setTyped}
      />
      <fieldset>
        <legend>{trans.__('Begin with')}</legend>
        {all.map(each => (
          <label key={each.key} className="jp-SecureJobs-start">
            <input
              type="radio"
              name={id}
              value={each.key}
              aria-describedby={`${id}-${each.key}`}
              checked={each.key === key}
              onChange={() => {
                setKey(each.key);
              }}
            />
            <span>
              <strong dir="auto">{each.title}</strong>
              <small id={`${id}-${each.key}`}>{each.about}</small>
            </span>
          </label>
        ))}
        {value === null && unread === null && <p>{trans.__('Fetching the starter scripts…')}</p>}
        {unread !== null && <ProblemNotice problem={unread} retry={retry} />}
      </fieldset>
      <pre className="jp-SecureJobs-code" tabIndex={0} aria-label={trans.__('The script')}>
        {start?.code === '' ? trans.__('An empty draft') : start?.code}
      </pre>
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-buttons">
        <button type="button" className="jp-mod-styled jp-mod-reject" onClick={cancel}>
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          aria-disabled={empty || working}
          aria-describedby={empty ? `${id}-why` : undefined}
        >
          {working ? trans.__('Creating…') : trans.__('Create draft')}
        </button>
        {empty && <small id={`${id}-why`}>{trans.__('Give the job a name first.')}</small>}
      </div>
    </form>
  );
}

/** A dialog whose form has its own buttons and its own Enter, so that what is wrong is said in place. */
class FormDialog extends Dialog<undefined> {
  protected override _evtKeydown(event: KeyboardEvent): void {
    if (event.key !== 'Enter') {
      super._evtKeydown(event);
    }
  }
}

/** Asks for a name and a beginning, makes the job with its first draft, and opens its page. */
export async function newJob(desk: Desk): Promise<void> {
  const body = ReactWidget.create(
    <Form
      desk={desk}
      made={job => {
        dialog.resolve(0);
        desk.openJob(job.workspace, job.id, { tab: 'query' });
      }}
      cancel={() => {
        dialog.reject();
      }}
    />
  );
  const dialog: FormDialog = new FormDialog({
    title: trans.__('New job'),
    body,
    buttons: [Dialog.cancelButton({ className: 'jp-SecureJobs-unseen' })],
    hasClose: true,
    focusNodeSelector: 'input'
  });
  await dialog.launch();
}
