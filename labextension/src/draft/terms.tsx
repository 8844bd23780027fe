import { useId, type ReactElement } from 'react';

import type { JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import { CheckField, ChoiceField } from '../ui/fields';
import { trans } from '../ui/translation';
import { ComputeTerms } from './compute';
import type { DraftModel } from './model';
import { NamesField, NumberField } from './typedFields';

type Version = JobDetail['version'];
type Draft = Pick<DraftModel, 'change'>;

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
      <ComputeTerms desk={desk} workspace={detail.workspace} version={version} draft={draft} />
    </section>
  );
}
