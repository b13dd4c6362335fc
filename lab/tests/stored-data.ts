/** Everything that Athanor keeps, as bytes to be searched. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { type Rack, run } from '../index.ts';
import type { Place } from './canary.ts';

/** The files that are the secrets are left out, or are all there is. */
export function filesOf(directory: string, secret = false): Place[] {
  const secretFiles = new Set(['token', 'key', 'certificate-key.pem']);
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && secretFiles.has(entry.name) === secret)
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ where: file, bytes: readFileSync(file) }));
}

/** Every row of every SQLite database: long values lie scattered over the pages of the file. */
export function rowsOf(directory: string): Place[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.db'));
  expect(files.sort()).toEqual(['athanor.db', 'engine.db', 'leases.db']);
  return files.map((name) => {
    const database = new DatabaseSync(path.join(directory, name), { readOnly: true });
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
    const rows = tables.flatMap((table) => database.prepare(`select * from "${String(table['name'])}"`).all());
    database.close();
    expect(rows.length).toBeGreaterThan(0);
    return { where: `the rows of ${name}`, bytes: Buffer.from(rows.flatMap(Object.values).map(String).join('\n')) };
  });
}

export async function dumpOfPostgres(rack: Rack, database: string): Promise<Place> {
  const [version = ''] = readdirSync('/usr/lib/postgresql');
  const program = `/usr/lib/postgresql/${version}/bin/pg_dump`;
  const { file, args } = rack.inControl([program, '-h', '127.0.0.1', '-U', 'postgres', database]);
  const dump = await run(file, args);
  expect(dump).toContain('password_sealed');
  return { where: "PostgreSQL's dump", bytes: Buffer.from(dump) };
}
