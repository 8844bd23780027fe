import type { Version } from '../api/shapes';
import { trans } from '../ui/translation';

const MIB = 1024 ** 2;
const NUMBER = new Intl.NumberFormat('en-US');

type Compute = Pick<Version, 'compute' | 'limits'>;

function inBytes(bytes: number): string {
  if (bytes >= 1024 * MIB && bytes % (1024 * MIB) === 0) {
    return trans.__('%1 GiB', NUMBER.format(bytes / (1024 * MIB)));
  }
  return bytes >= MIB
    ? trans.__('%1 MiB', NUMBER.format(bytes / MIB))
    : trans.__('%1 KiB', NUMBER.format(bytes / 1024));
}

function inTime(seconds: number): string {
  if (seconds % 3600 === 0) {
    return trans._n('%1 hour', '%1 hours', seconds / 3600);
  }
  return seconds % 60 === 0
    ? trans._n('%1 minute', '%1 minutes', seconds / 60)
    : trans._n('%1 second', '%1 seconds', seconds);
}

/** How much of a machine a run may use, in words. */
export function sizesOf(version: Pick<Version, 'limits'>): string {
  const { limits } = version;
  return [
    trans._n('%1 core', '%1 cores', limits.cores),
    trans.__('%1 of memory', inBytes(limits.memory_bytes)),
    trans.__('%1 of temporary files', inBytes(limits.scratch_bytes)),
    inTime(limits.seconds),
    trans.__('%1 of result', inBytes(limits.result_bytes)),
    trans.__('%1 of log', inBytes(limits.log_bytes))
  ].join(', ');
}

/** The packages beside those that every sandbox has. */
export function packagesOf(version: Compute): string {
  return version.compute.packages.map(each => `${each.name} ${each.version}`).join(', ');
}

/** What the engine is told. */
export function settingsOf(version: Compute): string {
  return version.compute.settings.map(each => `${each.name} = ${each.value}`).join(', ');
}
