import { addIcon, caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { useId, useState, type ReactElement } from 'react';

import type { Dataset } from '../api/shapes';
import { useCurrent } from '../ui/useCurrent';
import type { Desk } from '../desk';
import { heard } from './heard';

function DatasetRow(props: { readonly desk: Desk; readonly dataset: Dataset }): ReactElement {
  const { desk, dataset } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const Caret = (open ? caretDownIcon : caretRightIcon).react;
  const insert = `Insert ${dataset.name} into the notebook`;
  return (
    <li>
      <div className="jp-SecureJobs-line">
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
          <span className="jp-SecureJobs-name">{dataset.name}</span>
          <span className="jp-SecureJobs-about">
            {dataset.owner}
            {dataset.withdrawn !== null && ` · withdrawn by its owner, ${heard(dataset)}`}
          </span>
        </button>
        <button
          type="button"
          className="jp-SecureJobs-icon"
          aria-label={insert}
          title={insert}
          onClick={() => {
            desk.insertion.dataset(dataset);
          }}
        >
          <addIcon.react tag="span" elementSize="normal" aria-hidden="true" />
        </button>
      </div>
      <ul id={id} hidden={!open} aria-label={`Columns of ${dataset.name}`}>
        {dataset.columns.map(column => (
          <li key={column.name} className="jp-SecureJobs-column">
            <code>{column.name}</code> <span className="jp-SecureJobs-about">{column.type}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}

/** The workspace's datasets, each with its owner, its columns and their types. */
export function Datasets(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const shown = useCurrent(desk.model);
  return (
    <div className="jp-SecureJobs-section">
      {shown.datasets.length === 0 && (
        <p>No datasets yet. An organisation publishes one from its member side.</p>
      )}
      <ul aria-label="Datasets">
        {shown.datasets.map(dataset => (
          <DatasetRow key={dataset.id} desk={desk} dataset={dataset} />
        ))}
      </ul>
    </div>
  );
}
