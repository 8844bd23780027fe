import { copyIcon } from '@jupyterlab/ui-components';
import { useState, type ReactElement } from 'react';

import type { Dataset } from '../api/shapes';
import type { Desk } from '../desk';
import { WindowTree, type TreeRow } from '../lists/tree';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { heard } from './heard';

/** With more datasets than this there is a filter. */
const FEW = 6;
const DATASET_HEIGHT = 42;
const LINE_HEIGHT = 22;

function DatasetLine(props: {
  readonly desk: Desk;
  readonly dataset: Dataset;
  readonly open: boolean;
  readonly reach: 0 | -1;
}): ReactElement {
  const { desk, dataset, open, reach } = props;
  const insert = trans.__('Insert %1 where you write', dataset.name);
  return (
    <>
      <span aria-hidden="true">{open ? '▾' : '▸'}</span>
      <span className="jp-SecureJobs-dataset">
        <bdi className="jp-SecureJobs-name">{dataset.name}</bdi>
        <span className="jp-SecureJobs-about">
          <bdi>{dataset.owner}</bdi>
          {dataset.withdrawn !== null &&
            ` · ${trans.__('withdrawn by its owner, %1', heard(dataset))}`}
        </span>
      </span>
      <button
        type="button"
        className="jp-SecureJobs-icon"
        aria-label={insert}
        title={insert}
        tabIndex={reach}
        onClick={event => {
          event.stopPropagation();
          desk.insertion.dataset(dataset);
        }}
      >
        <copyIcon.react tag="span" elementSize="normal" aria-hidden="true" />
      </button>
    </>
  );
}

/** What a dataset is, in words: its description, and what its owner asks of results. */
function wordsOf(dataset: Dataset): string[] {
  return [dataset.description, ...dataset.rules].filter(text => text !== '');
}

function linesOf(dataset: Dataset): TreeRow[] {
  const words = wordsOf(dataset);
  const count = words.length + dataset.columns.length;
  const line = (at: number, key: string, content: ReactElement): TreeRow => ({
    key: `${dataset.id} ${key}`,
    level: 2,
    open: null,
    place: [at, count],
    height: LINE_HEIGHT,
    className: 'jp-SecureJobs-column',
    content: () => content,
    press: () => undefined
  });
  return [
    ...words.map((text, index) => line(index + 1, `text ${index}`, <i dir="auto">{text}</i>)),
    ...dataset.columns.map((column, index) =>
      line(
        words.length + index + 1,
        `column ${column.name}`,
        <>
          <code>
            <bdi>{column.name}</bdi>
          </code>{' '}
          <span className="jp-SecureJobs-about">{column.type}</span>
        </>
      )
    )
  ];
}

function contains(dataset: Dataset, text: string): boolean {
  const { name, owner, description, columns } = dataset;
  return [name, owner, description, ...columns.map(column => column.name)].some(each =>
    each.toLocaleLowerCase().includes(text)
  );
}

/** The workspace's datasets, each with its owner's rules, its columns and their types. */
export function Datasets(props: { readonly desk: Desk }): ReactElement {
  const { desk } = props;
  const { datasets, counts } = useCurrent(desk.model);
  const [text, setText] = useState('');
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const wanted = text.trim().toLocaleLowerCase();
  const found = wanted === '' ? datasets : datasets.filter(each => contains(each, wanted));
  const rows = found.flatMap((dataset, index): TreeRow[] => {
    const open = opened.has(dataset.id);
    const row: TreeRow = {
      key: dataset.id,
      level: 1,
      open,
      place: [index + 1, found.length],
      height: DATASET_HEIGHT,
      className: 'jp-SecureJobs-datasetrow',
      content: reach => <DatasetLine desk={desk} dataset={dataset} open={open} reach={reach} />,
      press: () => {
        const rest = [...opened].filter(id => id !== dataset.id);
        setOpened(new Set(open ? rest : [...rest, dataset.id]));
      }
    };
    return open ? [row, ...linesOf(dataset)] : [row];
  });
  return (
    <div className="jp-SecureJobs-section jp-SecureJobs-shelf">
      {datasets.length === 0 && counts !== null && (
        <p>{trans.__('No datasets yet. An organisation publishes one from its member side.')}</p>
      )}
      {datasets.length > FEW && (
        <input
          type="search"
          className="jp-mod-styled jp-SecureJobs-filter"
          aria-label={trans.__('Filter datasets and columns')}
          placeholder={trans.__('Filter datasets and columns')}
          dir="auto"
          value={text}
          onChange={event => {
            setText(event.target.value);
          }}
        />
      )}
      {datasets.length > 0 && found.length === 0 && (
        <p>{trans.__('No dataset or column has “%1” in its name.', text.trim())}</p>
      )}
      {rows.length > 0 && <WindowTree label={trans.__('Datasets')} rows={rows} question={wanted} />}
    </div>
  );
}
