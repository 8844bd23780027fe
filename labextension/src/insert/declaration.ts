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

/** A job cell that holds a starter script; quotes would end the name, so they are left out of it. */
export function scriptCell(title: string, language: string, code: string): string {
  return `%%securejob "${title.replaceAll(/["\\]/g, '')}" --lang ${language} --test\n${code}`;
}

/** A first job to change: counts the rows of a dataset, given by its name. */
export function jobCell(dataset: string): string {
  return scriptCell('New job', 'sql', `SELECT count(*) AS row_count\nFROM ${dataset}`);
}
