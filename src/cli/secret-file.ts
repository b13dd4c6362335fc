/** A secret from a file that only its owner may read. */
import { readFile, stat } from 'node:fs/promises';
import { AthanorError } from '../errors/index.ts';

export async function readSecretFile(file: string): Promise<string> {
  const wrong = (message: string, remedy: string): AthanorError =>
    new AthanorError('invalid-input', message, { value: file, remedy });
  let text: string;
  try {
    const facts = await stat(file);
    if (facts.isFile() && (facts.mode & 0o077) !== 0) {
      throw wrong(`${file} may be read by others.`, `Run: chmod 600 ${file}`);
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof AthanorError) throw error;
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw wrong(`${file} cannot be read: ${why}.`, 'Name a file that you may read.');
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw wrong(`${file} is empty.`, 'Write the secret into it.');
  // Taken as it is, it would be tried, be wrong, and count towards a lockout.
  if (/[\r\n]/.test(secret))
    throw wrong(`${file} has more than one line.`, 'Leave the secret alone in it, in one line.');
  return secret;
}
