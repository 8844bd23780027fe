/** The two languages that a cell can hold. */
export type Language = 'sql' | 'python';

const JOB_MAGIC = /^%%securejob\b(.*)$/;
const LANGUAGE_OPTION = /\s--lang[=\s]+["']?(sql|python)\b/;
const PLAIN_SQL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The language of a notebook cell, read off its magic; a cell without one is Python. */
export function languageOf(source: string): Language {
  const first = source.trimStart().split('\n', 1)[0] ?? '';
  if (/^%%sql\b/.test(first)) {
    return 'sql';
  }
  const options = JOB_MAGIC.exec(first)?.[1];
  return options === undefined || LANGUAGE_OPTION.exec(options)?.[1] !== 'sql' ? 'python' : 'sql';
}

/** How a query names a dataset: quoted, so that no name can become code. */
export function declare(dataset: string, language: Language): string {
  if (language === 'python') {
    return `spark.table(${JSON.stringify(dataset)})`;
  }
  return PLAIN_SQL_NAME.test(dataset) ? dataset : `\`${dataset.replaceAll('`', '``')}\``;
}

/** A first job to change: counts the rows of `dataset`. */
export function jobCell(dataset: string): string {
  const table = declare(dataset, 'sql');
  return `%%securejob "New job" --lang sql --test\nSELECT count(*) AS row_count\nFROM ${table}`;
}
