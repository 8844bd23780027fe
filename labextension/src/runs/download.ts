import type { Connection } from '../api/connection';

const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/vnd.apache.parquet': 'parquet',
  'text/csv': 'csv',
  'text/plain': 'txt'
};

/** Saves an export that the member side opened as a file of this browser. */
export async function download(connection: Connection, path: string, name: string): Promise<void> {
  const content = await connection.blob(path, { accept: '*/*' });
  const type = content.type.split(';', 1)[0] ?? '';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = `${name.replaceAll(/[\\/:*?"<>|]/g, '_')}.${EXTENSIONS[type] ?? 'bin'}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
