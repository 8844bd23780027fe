import type { DraftChange, JobDetail } from '../api/shapes';

type Language = JobDetail['version']['language'];
type LogPolicy = JobDetail['version']['log_policy'];

/** A draft as the form holds it: numbers and dates as typed. */
export interface DraftTexts {
  readonly name: string;
  readonly description: string;
  readonly language: Language;
  readonly code: string;
  readonly logPolicy: LogPolicy;
  readonly reruns: boolean;
  readonly mostRuns: string;
  readonly until: string;
}

const DATE_LENGTH = 'YYYY-MM-DD'.length;

export function textsOf(draft: JobDetail): DraftTexts {
  const { code, grant, language, log_policy: logPolicy } = draft.version;
  return {
    name: draft.name,
    description: draft.description,
    language,
    code,
    logPolicy,
    reruns: grant.reruns,
    mostRuns: grant.most_runs === null ? '' : String(grant.most_runs),
    until: grant.until === null ? '' : grant.until.slice(0, DATE_LENGTH)
  };
}

/** What is sent: only what differs. A grant ends with its last day, UTC; the server judges the rest. */
export function changeOf(before: DraftTexts, now: DraftTexts): DraftChange {
  const differs = (...fields: readonly (keyof DraftTexts)[]): boolean =>
    fields.some(field => before[field] !== now[field]);
  const grant = {
    reruns: now.reruns,
    most_runs: now.reruns && now.mostRuns !== '' ? Number(now.mostRuns) : null,
    until: now.reruns && now.until !== '' ? `${now.until}T23:59:59Z` : null
  };
  return {
    ...(differs('name') ? { name: now.name } : {}),
    ...(differs('description') ? { description: now.description } : {}),
    ...(differs('language') ? { language: now.language } : {}),
    ...(differs('code') ? { code: now.code } : {}),
    ...(differs('logPolicy') ? { log_policy: now.logPolicy } : {}),
    ...(differs('reruns', 'mostRuns', 'until') ? { grant } : {})
  };
}
