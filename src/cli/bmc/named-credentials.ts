/**
 * Credentials by name for the tool without a server: `credentials.yaml` beside the login says where each password comes
 * from, and holds none itself.
 *
 *     rack-1: { user: admin, passwordFile: rack-1.password }
 *     vault:  { user: root, passwordCommand: 'bw get password {host}' }
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { AthanorError, didYouMean } from '../../errors/index.ts';
import { loginFilePath } from '../login-file.ts';
import type { ConnectionOptions } from './connection-options.ts';

const entry = z.strictObject({
  user: z.string().max(255),
  passwordFile: z.string().min(1).optional(),
  passwordEnv: z.string().min(1).optional(),
  passwordCommand: z.string().min(1).optional(),
  kgFile: z.string().min(1).optional(),
});
const credentials = z.record(z.string(), entry);

const example = 'lab: { user: admin, passwordFile: lab.password }';

/** The file of named credentials, in the directory of the login. */
export function credentialsFilePath(environment: NodeJS.ProcessEnv): string {
  return join(dirname(loginFilePath(undefined, { ...environment, ATHANOR_LOGIN_FILE: undefined })), 'credentials.yaml');
}

/**
 * The options with what the credential of that name says. Files are named from the directory of `credentials.yaml`.
 *
 * @throws AthanorError `invalid-input` where there is no such credential, or part of a login was given beside it
 */
export async function withNamedCredential(
  options: ConnectionOptions,
  environment: NodeJS.ProcessEnv,
): Promise<ConnectionOptions> {
  const name = options.credential;
  if (name === undefined) return options;
  const beside = (['user', 'passwordFile', 'passwordEnv', 'passwordCommand', 'kgFile'] as const).find(
    (key) => options[key] !== undefined,
  );
  if (beside !== undefined) {
    const option = `--${beside.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new AthanorError('invalid-input', `${option} was given beside --credential, which says it already.`, {
      field: option,
      remedy: 'Leave one of them out.',
    });
  }
  const file = credentialsFilePath(environment);
  const all = await readCredentials(file);
  const found = all[name];
  if (found === undefined) {
    throw new AthanorError('invalid-input', `${file} has no credential ${name}.${didYouMean(name, Object.keys(all))}`, {
      field: '--credential',
      value: name,
      remedy: `Add it, as in: ${example}`,
    });
  }
  const { passwordFile, kgFile, ...rest } = found;
  const below = (path: string | undefined) => (path === undefined ? undefined : resolve(dirname(file), path));
  return {
    ...options,
    user: rest.user,
    passwordEnv: rest.passwordEnv,
    passwordCommand: rest.passwordCommand,
    passwordFile: below(passwordFile),
    kgFile: below(kgFile),
  };
}

async function readCredentials(file: string): Promise<z.output<typeof credentials>> {
  const wrong = (message: string, remedy: string, cause?: unknown): AthanorError =>
    new AthanorError('invalid-input', message, { field: '--credential', value: file, remedy, cause });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw wrong(`${file} cannot be read: ${why}.`, `Write it, as in: ${example}`, error);
  }
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    // Its first line alone, and no cause: what follows quotes the file, into which somebody may have written a password.
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    throw wrong(`${file} is not YAML: ${problem}`, 'Correct it.');
  }
  const parsed = credentials.safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  // A password that somebody wrote into it must not be repeated: the value is not told.
  throw wrong(`${file}: ${where}: ${issue?.message ?? 'not valid'}`, `Write it as in: ${example}`);
}
