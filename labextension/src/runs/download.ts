import type { Connection } from '../api/connection';

const EXTENSION = /\.(\w+)(?:\?|$)/;
const NOT_IN_FILE_NAMES = /[\\/:*?"<>|]/g;

/** Saves an export that the member side opened as a file of this browser. */
export async function download(connection: Connection, path: string, name: string): Promise<void> {
  const content = await connection.blob(path);
  const extension = EXTENSION.exec(path)?.[1] ?? 'bin';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = `${name.replaceAll(NOT_IN_FILE_NAMES, '_')}.${extension}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
