/** The two languages that a cell can hold. */
export type Language = 'sql' | 'python';

const JOB_MAGIC = /^%%securejob\b(.*)$/;
const LANGUAGE_OPTION = /\s--lang[=\s]+["']?(sql|python)\b/;

/** The language of a notebook cell, read off its magic; a cell without one is Python. */
export function languageOf(source: string): Language {
  const first = source.trimStart().split('\n', 1)[0] ?? '';
  if (/^%%sql\b/.test(first)) {
    return 'sql';
  }
  const options = JOB_MAGIC.exec(first)?.[1];
  return options === undefined || LANGUAGE_OPTION.exec(options)?.[1] !== 'sql' ? 'python' : 'sql';
}

/** A first job to change: counts the rows of a dataset, given as SQL declares it. */
export function jobCell(declaration: string): string {
  return `%%securejob "New job" --lang sql --test\nSELECT count(*) AS row_count\nFROM ${declaration}`;
}
