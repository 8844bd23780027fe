import { useState, type ReactElement } from 'react';

import type { ComputeOffer, JobDetail } from '../api/shapes';
import { ChoiceField, TextField } from '../ui/fields';
import { trans } from '../ui/translation';
import type { DraftModel } from './model';
import { packageIn, withPackage, type PackageLine } from './packages';
import { NumberField } from './typedFields';

const MIB = 1024 ** 2;
const NUMBER = new Intl.NumberFormat('en-US');

type Version = JobDetail['version'];
type Draft = Pick<DraftModel, 'change'>;

interface PartProps {
  readonly version: Version;
  readonly offer: ComputeOffer | null;
  readonly draft: Draft;
}

function changeCompute(
  { version, draft }: PartProps,
  part: {
    readonly engine?: Version['compute']['engine'];
    readonly packages?: readonly PackageLine[];
    readonly settings?: Version['compute']['settings'];
  }
): void {
  const made = { ...version.compute, ...part };
  draft.change({
    compute: {
      engine: made.engine,
      packages: [...made.packages],
      settings: [...made.settings]
    }
  });
}

function Engine(props: PartProps): ReactElement {
  const { version, offer } = props;
  const engines = offer?.engines ?? [];
  const about = engines.find(each => each.name === version.compute.engine)?.about;
  return (
    <ChoiceField
      label={trans.__('Engine')}
      about={about}
      value={version.compute.engine}
      options={
        engines.length === 0
          ? [[version.compute.engine, version.compute.engine]]
          : engines.map(each => [
              each.name,
              each.offered ? each.name : trans.__('%1 (no worker has told of it)', each.name)
            ])
      }
      change={engine => {
        changeCompute(props, { engine });
      }}
    />
  );
}

type Sized = 'seconds' | 'memory_bytes' | 'result_bytes' | 'scratch_bytes' | 'cores';

function Sizes(props: PartProps): ReactElement {
  const { version, offer, draft } = props;
  const cores = offer?.cores ?? null;
  const memory = offer?.memory_bytes ?? null;
  const fields: readonly (readonly [Sized, string, string | undefined, number])[] = [
    [
      'cores',
      trans.__('Cores'),
      cores === null ? undefined : trans.__('A worker here has at most %1.', cores),
      1
    ],
    [
      'memory_bytes',
      trans.__('Memory in MiB'),
      memory === null
        ? trans.__('1,024 MiB are 1 GiB.')
        : trans.__(
            '1,024 MiB are 1 GiB; a worker here has at most %1 MiB.',
            NUMBER.format(Math.floor(memory / MIB))
          ),
      MIB
    ],
    [
      'scratch_bytes',
      trans.__('Temporary files in MiB'),
      trans.__('What the engine and the code may write while they work; gone afterwards.'),
      MIB
    ],
    [
      'seconds',
      trans.__('Time in seconds'),
      trans.__(
        '3,600 are an hour. A run that takes longer is ended; a test is ended after an hour.'
      ),
      1
    ],
    [
      'result_bytes',
      trans.__('Result in MiB'),
      trans.__('A larger result fails; nothing is cut.'),
      MIB
    ]
  ];
  return (
    <>
      {fields.map(([name, label, about, unit]) => (
        <NumberField
          key={name}
          label={label}
          {...(about === undefined ? {} : { about })}
          required
          value={Math.round(version.limits[name] / unit)}
          change={value => {
            if (value !== null) {
              draft.change({ limits: { ...version.limits, [name]: value * unit } });
            }
          }}
        />
      ))}
    </>
  );
}

function Packages(props: PartProps): ReactElement {
  const { version, offer } = props;
  const { packages } = version.compute;
  const [text, setText] = useState('');
  const typed = packageIn(text);
  const offered = (offer?.packages ?? []).filter(
    each => !packages.some(one => one.wheel === each.wheel)
  );
  const add = (added: PackageLine): void => {
    changeCompute(props, { packages: withPackage(packages, added) });
  };
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Packages')}</legend>
      <small>
        {trans.__(
          'Python packages beside those that are always there. A worker takes them from its wheel house, and only the very file whose digest is named here.'
        )}
      </small>
      <ul className="jp-SecureJobs-lines">
        {packages.map(each => (
          <li key={each.name}>
            <span>
              {each.name} {each.version}
            </span>{' '}
            <code>{each.wheel}</code>{' '}
            <button
              type="button"
              className="jp-SecureJobs-link"
              aria-label={trans.__('Remove %1', each.name)}
              onClick={() => {
                changeCompute(props, { packages: packages.filter(one => one !== each) });
              }}
            >
              {trans.__('Remove')}
            </button>
          </li>
        ))}
      </ul>
      {offered.length > 0 && (
        <ChoiceField<string>
          label={trans.__('Add a package that a worker has')}
          value=""
          options={[
            ['', trans.__('Choose…')],
            ...offered.map(each => [each.wheel, `${each.name} ${each.version}`] as const)
          ]}
          change={wheel => {
            const found = offered.find(each => each.wheel === wheel);
            if (found !== undefined) {
              add(found);
            }
          }}
        />
      )}
      <TextField
        label={trans.__('Add a package by its line')}
        placeholder={trans.__('name==1.2 --hash=sha256:…')}
        about={
          text !== '' && typed === null
            ? trans.__('Not a whole line yet: name==version --hash=sha256: and 64 digits.')
            : trans.__('The command jupyter secure-jobs wheel FILE prints it.')
        }
        value={text}
        change={setText}
      />
      <button
        type="button"
        className="jp-SecureJobs-action"
        aria-disabled={typed === null}
        onClick={() => {
          if (typed !== null) {
            add(typed);
            setText('');
          }
        }}
      >
        {trans.__('Add package')}
      </button>
    </fieldset>
  );
}

function Settings(props: PartProps): ReactElement {
  const { version, offer } = props;
  const { settings } = version.compute;
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const free = (offer?.settings ?? []).filter(
    each =>
      each.engines.includes(version.compute.engine) && !settings.some(one => one.name === each.name)
  );
  const chosen = free.find(each => each.name === name);
  const fits = chosen !== undefined && new RegExp(`^(?:${chosen.pattern})$`, 'u').test(value);
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Engine settings')}</legend>
      <small>{trans.__('Most jobs need none.')}</small>
      <ul className="jp-SecureJobs-lines">
        {settings.map(each => (
          <li key={each.name}>
            <code>
              {each.name} = {each.value}
            </code>{' '}
            <button
              type="button"
              className="jp-SecureJobs-link"
              aria-label={trans.__('Remove %1', each.name)}
              onClick={() => {
                changeCompute(props, { settings: settings.filter(one => one !== each) });
              }}
            >
              {trans.__('Remove')}
            </button>
          </li>
        ))}
      </ul>
      <ChoiceField<string>
        label={trans.__('Add a setting')}
        value={name}
        options={[['', trans.__('Choose…')], ...free.map(each => [each.name, each.name] as const)]}
        change={setName}
      />
      {chosen !== undefined && (
        <>
          <TextField
            label={trans.__('Value of %1', name)}
            about={trans.__('Give it %1.', chosen.takes)}
            value={value}
            change={setValue}
          />
          <button
            type="button"
            className="jp-SecureJobs-action"
            aria-disabled={!fits}
            onClick={() => {
              if (fits) {
                const made = [...settings, { name, value }];
                made.sort((one, other) => (one.name < other.name ? -1 : 1));
                changeCompute(props, { settings: made });
                setName('');
                setValue('');
              }
            }}
          >
            {trans.__('Add setting')}
          </button>
        </>
      )}
    </fieldset>
  );
}

/** Everything that a profile says, to be changed in this draft alone. */
export function ComputeFields(props: PartProps): ReactElement {
  return (
    <>
      <Engine {...props} />
      <Sizes {...props} />
      <Packages {...props} />
      <Settings {...props} />
    </>
  );
}
