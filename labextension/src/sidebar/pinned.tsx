import { Clipboard } from '@jupyterlab/apputils';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { useId, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import type { PinnedQuery, Version } from '../api/shapes';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import type { Desk } from '../desk';

function PinnedRow(props: { readonly desk: Desk; readonly query: PinnedQuery }): ReactElement {
  const { desk, query } = props;
  const { model } = desk;
  const id = useId();
  const [open, setOpen] = useState(false);
  const Caret = (open ? caretDownIcon : caretRightIcon).react;
  const [problem, setProblem] = useState<Problem | null>(null);
  const remove = async (): Promise<void> => {
    const path = model.path(`pinned-queries/${encodeURIComponent(query.id)}`);
    await model.connection.json(path, { method: 'DELETE' });
    await model.refresh();
  };
  const buttons: readonly (readonly [string, () => void])[] = [
    [
      trans.__('Insert'),
      () => {
        desk.insertion.text(query.code);
      }
    ],
    [
      trans.__('Copy'),
      () => {
        Clipboard.copyToSystem(query.code);
      }
    ],
    [
      trans.__('Delete'),
      () => {
        remove().catch((reason: unknown) => {
          setProblem(asProblem(reason));
        });
      }
    ]
  ];
  return (
    <li>
      <button
        type="button"
        className="jp-SecureJobs-row"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
        }}
      >
        <Caret tag="span" elementSize="normal" aria-hidden="true" />
        <bdi className="jp-SecureJobs-name">{query.title}</bdi>
        <span className="jp-SecureJobs-about">{query.language}</span>
      </button>
      <pre
        id={id}
        hidden={!open}
        className="jp-SecureJobs-code"
        tabIndex={0}
        aria-label={query.title}
      >
        {query.code}
      </pre>
      <div className="jp-SecureJobs-buttons">
        {buttons.map(([label, act]) => (
          <button
            key={label}
            type="button"
            className="jp-SecureJobs-link"
            aria-label={`${label} ${query.title}`}
            onClick={act}
          >
            {label}
          </button>
        ))}
      </div>
      {problem !== null && <ProblemNotice problem={problem} />}
    </li>
  );
}

/** The member's own pinned queries in this workspace. */
export function Pinned(props: {
  readonly desk: Desk;
  /** What *Pin this query* keeps; without it there is no such button. */
  readonly current?: Pick<Version, 'name' | 'language' | 'code'>;
}): ReactElement {
  const { desk, current } = props;
  const shown = useCurrent(desk.model);
  const [problem, setProblem] = useState<Problem | null>(null);
  const pin = async (query: Pick<Version, 'name' | 'language' | 'code'>): Promise<void> => {
    const { name: title, language, code } = query;
    await desk.model.connection.json(desk.model.path('pinned-queries'), {
      method: 'POST',
      body: { title, language, code }
    });
    await desk.model.refresh();
  };
  return (
    <div className="jp-SecureJobs-section">
      {shown.pinned.length === 0 && (
        // In a low part it has to be scrolled to, by keyboard as well.
        <p tabIndex={0}>
          {trans.__('No pinned queries yet. They are yours alone, in this workspace.')}
        </p>
      )}
      {current !== undefined && (
        <button
          type="button"
          className="jp-SecureJobs-action"
          onClick={() => {
            setProblem(null);
            pin(current).catch((reason: unknown) => {
              setProblem(asProblem(reason));
            });
          }}
        >
          {trans.__('Pin this query')}
        </button>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <ul aria-label={trans.__('Pinned queries')}>
        {shown.pinned.map(query => (
          <PinnedRow key={query.id} desk={desk} query={query} />
        ))}
      </ul>
    </div>
  );
}
