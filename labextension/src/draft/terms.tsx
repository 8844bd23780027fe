import { useId, useState, type ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import { CheckField, ChoiceField, TextField } from '../ui/fields';
import { trans } from '../ui/translation';
import type { DraftModel } from './model';
import { namesIn, numberIn, shown, type Typed } from './typed';

const MIB = 1024 ** 2;

type Version = JobDetail['version'];
type Draft = Pick<DraftModel, 'change'>;

function inDigits(value: number | null): string {
  return value === null ? '' : String(value);
}

/** A whole number, or nothing; what is no number waits in the field and is not sent. */
function NumberField(props: {
  readonly label: string;
  readonly about?: string;
  readonly value: number | null;
  readonly change: (value: number | null) => void;
  /** Whether nothing stands for no number here. */
  readonly required?: boolean;
}): ReactElement {
  const { label, about, value, change, required = false } = props;
  const [typed, setTyped] = useState<Typed<number | null> | null>(null);
  const text = shown(typed, value, inDigits);
  return (
    <TextField
      label={label}
      about={
        numberIn(text, required) === undefined ? trans.__('A number in digits, please.') : about
      }
      value={text}
      change={next => {
        const meant = numberIn(next, required);
        setTyped({ text: next, at: meant === undefined ? value : meant });
        if (meant !== undefined) {
          change(meant);
        }
      }}
    />
  );
}

function inCommas(value: readonly string[]): string {
  return value.join(', ');
}

/** Names separated by commas. */
function NamesField(props: {
  readonly label: string;
  readonly about: string;
  readonly value: readonly string[];
  readonly change: (value: string[]) => void;
}): ReactElement {
  const { label, about, value, change } = props;
  const [typed, setTyped] = useState<Typed<readonly string[]> | null>(null);
  return (
    <TextField
      label={label}
      about={about}
      value={shown(typed, value, inCommas)}
      change={text => {
        const meant = namesIn(text);
        setTyped({ text, at: meant });
        change(meant);
      }}
    />
  );
}

function DatasetsRead(props: {
  readonly desk: Desk;
  readonly workspace: string;
  readonly version: Version;
  readonly draft: Draft;
}): ReactElement {
  const { desk, workspace, version, draft } = props;
  const id = useId();
  const read = new Map(version.datasets.map(each => [each.dataset, each.table]));
  return (
    <fieldset className="jp-SecureJobs-inputs" aria-describedby={id}>
      <legend>{trans.__('Datasets read')}</legend>
      <small id={id}>{trans.__('The enclave mounts these and no others.')}</small>
      {desk.model.datasetsOf(workspace).map(dataset => (
        <CheckField
          key={dataset.id}
          label={`${dataset.name} (${dataset.owner})`}
          checked={read.has(dataset.id)}
          change={checked => {
            const others = version.datasets.filter(each => each.dataset !== dataset.id);
            draft.change({
              datasets: checked
                ? [...others, { table: dataset.name, dataset: dataset.id }]
                : [...others]
            });
          }}
        />
      ))}
    </fieldset>
  );
}

function OutputPolicy(props: { readonly version: Version; readonly draft: Draft }): ReactElement {
  const { version, draft } = props;
  const policy = version.output_policy;
  const change = (part: Partial<Version['output_policy']>): void => {
    const made = { ...policy, ...part };
    draft.change({
      output_policy: { ...made, withheld_columns: [...made.withheld_columns] }
    });
  };
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Output policy of the job')}</legend>
      <small>
        {trans.__('Added to what the owners ask of every result. Empty means no rule of your own.')}
      </small>
      <NamesField
        label={trans.__('Columns that count rows or persons')}
        about={trans.__('Names of result columns, separated by commas.')}
        value={version.counts}
        change={counts => {
          draft.change({ counts });
        }}
      />
      <NumberField
        label={trans.__('Smallest group')}
        value={policy.smallest_group}
        change={smallest_group => {
          change({ smallest_group });
        }}
      />
      <NumberField
        label={trans.__('Round counts to multiples of')}
        value={policy.round_counts_to}
        change={round_counts_to => {
          change({ round_counts_to });
        }}
      />
      <NumberField
        label={trans.__('Most rows')}
        value={policy.most_rows}
        change={most_rows => {
          change({ most_rows });
        }}
      />
      <NamesField
        label={trans.__('Withheld columns')}
        about={trans.__('Names separated by commas.')}
        value={policy.withheld_columns}
        change={withheld_columns => {
          change({ withheld_columns });
        }}
      />
    </fieldset>
  );
}

function Limits(props: { readonly version: Version; readonly draft: Draft }): ReactElement {
  const { version, draft } = props;
  const { limits } = version;
  const change = (part: Partial<Version['limits']>): void => {
    draft.change({ limits: { ...limits, ...part } });
  };
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Compute limits of a run')}</legend>
      <NumberField
        label={trans.__('Seconds')}
        required
        value={limits.seconds}
        change={seconds => {
          if (seconds !== null) {
            change({ seconds });
          }
        }}
      />
      <NumberField
        label={trans.__('Memory in MiB')}
        required
        value={Math.round(limits.memory_bytes / MIB)}
        change={mebibytes => {
          if (mebibytes !== null) {
            change({ memory_bytes: mebibytes * MIB });
          }
        }}
      />
      <NumberField
        label={trans.__('Result in MiB')}
        required
        value={Math.round(limits.result_bytes / MIB)}
        change={mebibytes => {
          if (mebibytes !== null) {
            change({ result_bytes: mebibytes * MIB });
          }
        }}
      />
    </fieldset>
  );
}

/** The terms of a draft beside its text: all of them are part of what the others accept. */
export function DraftTerms(props: {
  readonly desk: Desk;
  readonly detail: JobDetail;
  readonly draft: DraftModel;
}): ReactElement {
  const { desk, detail, draft } = props;
  const { version } = detail;
  return (
    <section aria-label={trans.__('Terms of the draft')}>
      <h3>{trans.__('Terms of the draft')}</h3>
      <p>{trans.__('Every other member is asked to accept these together with the query.')}</p>
      <ChoiceField
        label={trans.__('Language')}
        value={version.language}
        options={[
          ['sql', trans.__('PySpark SQL')],
          ['python', trans.__('Python (PySpark)')]
        ]}
        change={language => {
          draft.change({ language });
        }}
      />
      <DatasetsRead desk={desk} workspace={detail.workspace} version={version} draft={draft} />
      <ChoiceField
        label={trans.__('Log policy')}
        about={trans.__(
          'standard: printed output, and errors without their message. errors: class and line alone. full: all of it, standard error too.'
        )}
        value={version.log_policy}
        options={[
          ['standard', 'standard'],
          ['errors', 'errors'],
          ['full', 'full']
        ]}
        change={log_policy => {
          draft.change({ log_policy });
        }}
      />
      <OutputPolicy version={version} draft={draft} />
      <Limits version={version} draft={draft} />
    </section>
  );
}
