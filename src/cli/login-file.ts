/** The login file: which server, its certificate's fingerprint, and the token. For its owner only. */
import { chmod, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import type { Login } from './client.ts';
import { makeDirectory } from './make-directory.ts';

const loginSchema = z.object({
  server: z.string(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  token: z.string().min(1),
});

/** `--login-file`, else ATHANOR_LOGIN_FILE, else below XDG_CONFIG_HOME (XDG Base Directory Specification). */
export function loginFilePath(option: string | undefined, environment: NodeJS.ProcessEnv): string {
  const named = option ?? environment['ATHANOR_LOGIN_FILE'];
  if (named !== undefined && named !== '') return named;
  const configured = environment['XDG_CONFIG_HOME'];
  const base = configured !== undefined && configured.startsWith('/') ? configured : join(homedir(), '.config');
  return join(base, 'athanor', 'login.json');
}

export async function readLogin(file: string): Promise<Login> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw unreadable(file, cause);
    throw new AthanorError('unauthorised', 'You are not logged in to a server.', {
      field: 'login file',
      value: file,
      remedy: 'Run `athanor login SERVER`, or `athanor login --local DATADIR` on the server itself.',
    });
  }
  try {
    return loginSchema.parse(JSON.parse(text));
  } catch {
    throw unreadable(file); // the cause would quote the file, which holds the token
  }
}

export async function writeLogin(file: string, login: Login): Promise<void> {
  await makeDirectory(dirname(file));
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(login, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await chmod(file, 0o600);
}

function unreadable(file: string, cause?: unknown): AthanorError {
  return new AthanorError('unauthorised', `The login file ${file} cannot be read.`, {
    field: 'login file',
    value: file,
    remedy: 'Run `athanor login` again.',
    cause,
  });
}
