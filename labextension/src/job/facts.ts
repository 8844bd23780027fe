import type { JobDetail } from '../api/shapes';
import { localTime } from '../ui/time';
import { trans } from '../ui/translation';
import { packagesOf, settingsOf, sizesOf } from './compute';

type Grant = JobDetail['version']['grant'];
type OutputPolicy = JobDetail['version']['output_policy'];

function runsOf(grant: Grant): string {
  if (!grant.reruns) {
    return trans.__('one run');
  }
  const words =
    grant.most_runs === null
      ? trans.__('any number of runs')
      : trans.__('up to %1 runs', grant.most_runs);
  return grant.until === null
    ? words
    : `${words}, ${trans.__('until %1', localTime(new Date(grant.until)))}`;
}

function rulesOf(policy: OutputPolicy): string {
  const rules = [
    policy.smallest_group === null
      ? ''
      : trans.__('rows that count fewer than %1 are withheld', policy.smallest_group),
    policy.round_counts_to === null
      ? ''
      : trans.__('counts are rounded to multiples of %1', policy.round_counts_to),
    policy.most_rows === null
      ? ''
      : trans.__('a result with more than %1 rows fails', policy.most_rows),
    policy.withheld_columns.length === 0
      ? ''
      : trans.__('withheld columns: %1', policy.withheld_columns.join(', '))
  ];
  return rules.filter(rule => rule !== '').join('; ');
}

/** What the version in front fixes, as name and value. */
export function factsOf(detail: JobDetail): readonly (readonly [string, string])[] {
  const { version } = detail;
  const none = trans.__('none');
  return [
    [trans.__('Language'), version.language],
    [trans.__('Datasets read'), version.datasets.map(each => each.table).join(', ') || none],
    [trans.__('Approval for'), runsOf(version.grant)],
    [trans.__('Log policy'), version.log_policy],
    [trans.__('Output policy of the job'), rulesOf(version.output_policy) || none],
    [trans.__('Declared counts'), version.counts.join(', ') || none],
    [trans.__('Compute profile'), version.profile],
    [trans.__('Engine'), trans.__('%1, in the worker’s enclave', version.compute.engine)],
    [trans.__('Packages'), packagesOf(version) || none],
    [trans.__('Engine settings'), settingsOf(version) || none],
    [trans.__('A run may use'), sizesOf(version)],
    [trans.__('Result goes to'), trans.__('members of %1', detail.organisation)]
  ];
}
