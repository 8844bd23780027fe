import { useState, type ReactElement } from 'react';

import type { ComputeOffer, ComputeProfile, JobDetail, Page } from '../api/shapes';
import { useLoaded } from '../api/useLoaded';
import type { Desk } from '../desk';
import { packagesOf, settingsOf, sizesOf } from '../job/compute';
import { ChoiceField } from '../ui/fields';
import { Folded } from '../ui/folded';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { useCurrent } from '../ui/useCurrent';
import { ComputeFields } from './computeFields';
import type { DraftModel } from './model';
import { ProfileKeeping } from './profileKeeping';

type Version = JobDetail['version'];
type Draft = Pick<DraftModel, 'change' | 'flush'>;

/** What a draft takes from a profile: a copy, so that what is shown is what is signed. */
function copyOf(
  profile: ComputeProfile
): Required<Pick<Version, 'profile' | 'compute' | 'limits'>> {
  return { profile: profile.name, compute: profile.compute, limits: profile.limits };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What a draft has, in one line. */
function Summary(props: { readonly version: Version }): ReactElement {
  const { version } = props;
  const more = [
    version.compute.packages.length > 0 ? trans.__('packages: %1', packagesOf(version)) : '',
    version.compute.settings.length > 0 ? trans.__('settings: %1', settingsOf(version)) : ''
  ].filter(text => text !== '');
  return (
    <p className="jp-SecureJobs-compute" dir="auto">
      {[trans.__('Engine %1', version.compute.engine), sizesOf(version), ...more].join(' · ')}
    </p>
  );
}

/** The profile's change since it was taken, and why no worker could run the draft. */
function Told(props: {
  readonly version: Version;
  readonly takeOver: (name: string) => void;
}): ReactElement {
  const { version, takeOver } = props;
  const notice = version.profile_notice;
  return (
    <div role="status">
      {notice !== null && (
        <p className="jp-SecureJobs-computenote" dir="auto">
          {notice.text}{' '}
          {notice.take_over !== null && (
            <button
              type="button"
              className="jp-SecureJobs-action"
              onClick={() => {
                takeOver(notice.take_over ?? '');
              }}
            >
              {trans.__('Take the change over')}
            </button>
          )}
        </p>
      )}
      {version.unfit.map(sentence => (
        <p key={sentence} className="jp-SecureJobs-computenote" dir="auto">
          {trans.__('No run could start now: %1', sentence)}
        </p>
      ))}
    </div>
  );
}

/** What the job is computed with: a profile chosen by name, and all that came with it to be changed. */
export function ComputeTerms(props: {
  readonly desk: Desk;
  readonly workspace: string;
  readonly version: Version;
  readonly draft: Draft;
}): ReactElement {
  const { desk, workspace, version, draft } = props;
  const { moved } = useCurrent(desk.model);
  const [kept, setKept] = useState(0);
  const place = `workspaces/${encodeURIComponent(workspace)}`;
  const revision = `${moved} ${kept}`;
  const found = useLoaded<Page<ComputeProfile>>(
    desk.model.connection,
    `${place}/compute-profiles`,
    revision
  );
  const offer = useLoaded<ComputeOffer>(
    desk.model.connection,
    `${place}/compute-offer`,
    revision
  ).value;
  const profiles = found.value?.items ?? [];
  const chosen = profiles.find(each => each.name === version.profile) ?? null;
  const names = profiles.map(each => each.name);
  const options = names.includes(version.profile) ? names : [version.profile, ...names];
  const changed = chosen !== null && !same(copyOf(chosen), copyOfDraft(version));
  const take = (name: string): void => {
    const profile = profiles.find(each => each.name === name);
    if (profile !== undefined) {
      draft.change(copyOf(profile));
      desk.model.announce(trans.__('The draft has what the profile %1 says.', name));
    }
  };
  return (
    <fieldset className="jp-SecureJobs-inputs">
      <legend>{trans.__('Compute')}</legend>
      {found.problem !== null && <ProblemNotice problem={found.problem} retry={found.retry} />}
      <ChoiceField<string>
        label={trans.__('Compute profile')}
        about={offer?.note}
        value={version.profile}
        options={options.map(name => [
          name,
          changed && name === version.profile ? trans.__('%1 (this draft differs)', name) : name
        ])}
        change={take}
      />
      <Summary version={version} />
      <Told version={version} takeOver={take} />
      <Folded summary={trans.__('Change engine, sizes, packages and settings')}>
        {() => (
          <>
            <ComputeFields version={version} offer={offer} draft={draft} />
            {changed && (
              <button
                type="button"
                className="jp-SecureJobs-action"
                onClick={() => {
                  take(version.profile);
                }}
              >
                {trans.__('Back to the profile %1', version.profile)}
              </button>
            )}
          </>
        )}
      </Folded>
      <ProfileKeeping
        desk={desk}
        place={place}
        version={version}
        chosen={chosen}
        changed={changed}
        draft={draft}
        kept={() => {
          setKept(count => count + 1);
        }}
      />
    </fieldset>
  );
}

function copyOfDraft(version: Version): Pick<Version, 'profile' | 'compute' | 'limits'> {
  return { profile: version.profile, compute: version.compute, limits: version.limits };
}
