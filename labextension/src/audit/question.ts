/** Which events are wanted; what is empty does not narrow. Days are local ones, as a date field gives them. */
export interface Question {
  readonly kinds: readonly string[];
  readonly member: string;
  readonly organisation: string;
  readonly job: string;
  readonly since: string;
  readonly until: string;
}

export const EVERYTHING: Question = {
  kinds: [],
  member: '',
  organisation: '',
  job: '',
  since: '',
  until: ''
};

/** The moment when a local day begins, so many days on; empty if that is no day. */
function beginOf(day: string, later: number): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (parts === null) {
    return '';
  }
  const [, year, month, date] = parts.map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + later).toISOString();
}

/** The server's query: the day of `until` counts whole. */
export function queryOf(question: Question): string {
  const { kinds, member, organisation, job, since, until } = question;
  const end = beginOf(until, 1);
  const last = end === '' ? '' : new Date(new Date(end).getTime() - 1).toISOString();
  const named = {
    kind: kinds.join(','),
    member: member.trim(),
    organisation,
    job: job.trim(),
    since: beginOf(since, 0),
    until: last
  };
  return new URLSearchParams(Object.entries(named).filter(([, value]) => value !== '')).toString();
}
