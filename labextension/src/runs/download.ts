import type { Connection } from '../api/connection';
import type { Run } from '../api/shapes';
import { trans } from '../ui/translation';

const EXTENSION = /\.(\w+)(?:\?|$)/;
const NOT_IN_FILE_NAMES = /[\\/:*?"<>|]/g;

/** What a file of a run is called: the job's name and which run it was. */
export function fileNameOf(run: Run): string {
  return `${run.job_name} - ${trans.__('%1 run %2', run.kind, run.number)}`;
}

/** Saves an export that the member side opened as a file of this browser. */
export async function download(
  connection: Connection,
  path: string,
  name: string,
  extension = EXTENSION.exec(path)?.[1] ?? 'bin'
): Promise<void> {
  const content = await connection.blob(path);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = `${name.replaceAll(NOT_IN_FILE_NAMES, '_')}.${extension}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
