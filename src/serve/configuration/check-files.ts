/** Files that a configuration names: they must be there, and secrets must be for their owner alone. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AthanorError } from '../../errors/index.ts';
import type { FieldPath, PlacedFinding } from './findings.ts';
import type { DocumentView } from './view.ts';

const largestSecretBytes = 4096;

/** `databaseUrlFile`, where the database section names one. */
export async function checkFiles(
  view: DocumentView,
  databaseUrlFile: string | undefined,
  base: string,
): Promise<PlacedFinding[]> {
  const checks: Promise<PlacedFinding[]>[] = [];
  for (const [index, credential] of view.credentials.entries()) {
    for (const key of ['passwordFile', 'kgFile'] as const) {
      const file = credential[key];
      if (file !== undefined) checks.push(checkSecret(resolve(base, file), ['credentials', index, key]));
    }
  }
  for (const [index, { file }] of view.images.entries()) {
    if (file !== undefined) checks.push(checkImage(resolve(base, file), ['images', index, 'file']));
  }
  if (databaseUrlFile !== undefined) {
    checks.push(checkUrlFile(resolve(base, databaseUrlFile), ['database', 'postgres', 'urlFile']));
  }
  return (await Promise.all(checks)).flat();
}

/**
 * A secret kept in a file: its content without one newline at the end. Refused, as `invalid-configuration`, when others
 * than its owner may read it.
 */
export async function readSecretFile(path: string): Promise<string> {
  const wrong = (message: string, remedy: string, cause?: unknown): AthanorError =>
    new AthanorError('invalid-configuration', message, { value: path, remedy, cause });
  let content: string;
  try {
    const facts = await stat(path);
    const mode = facts.mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw wrong(`${path} may be read by others: its mode is ${mode.toString(8)}.`, `Run: chmod 600 ${path}`);
    }
    if (facts.size > largestSecretBytes) throw wrong(`${path} is too large to be a secret.`, 'Name the right file.');
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AthanorError) throw error;
    const missing = errorCode(error) === 'ENOENT';
    throw missing
      ? wrong(`There is no file ${path}.`, 'Create it with the secret as its only content, then run chmod 600 on it.')
      : wrong(`${path} cannot be read: ${errorCode(error)}.`, 'Let the user that runs Athanor own it.', error);
  }
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') throw wrong(`${path} is empty.`, 'Write the secret into it.');
  return secret;
}

async function checkSecret(file: string, path: FieldPath): Promise<PlacedFinding[]> {
  try {
    await readSecretFile(file);
    return [];
  } catch (error) {
    if (!(error instanceof AthanorError)) throw error;
    return [{ severity: 'error', path, value: file, message: error.message, remedy: error.remedy }];
  }
}

/** The file's content is never shown: it holds a password. */
async function checkUrlFile(file: string, path: FieldPath): Promise<PlacedFinding[]> {
  const findings = await checkSecret(file, path);
  if (findings.length > 0 || isPostgresUrl(await readSecretFile(file))) return findings;
  const message = `${file} holds no URL of a PostgreSQL database.`;
  const remedy =
    'Write postgres://USER:PASSWORD@HOST:PORT/DATABASE into it; in the password %25 stands for %, %40 for @, %2F for / and %3A for a colon.';
  return [{ severity: 'error', path, value: file, message, remedy }];
}

function isPostgresUrl(text: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

async function checkImage(file: string, path: FieldPath): Promise<PlacedFinding[]> {
  const finding = (message: string, remedy: string): PlacedFinding[] => [
    { severity: 'error', path, value: file, message, remedy },
  ];
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return finding(`${file} is not a file.`, 'Name the image file itself.');
    return facts.size > 0 ? [] : finding(`${file} is empty.`, 'Put the image there.');
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT';
    return missing
      ? finding(`There is no file ${file}.`, 'Put the image there, or correct the path; it is relative to this file.')
      : finding(`${file} cannot be read: ${errorCode(error)}.`, 'Let the user that runs Athanor read it.');
  }
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
