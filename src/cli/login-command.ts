/** `login`: which server, is it the right one (its certificate's fingerprint), and the token. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { certificateFile, certificateFingerprint, machineViewSchema, tokenFile } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { createClient, type Login } from './client.ts';
import { type Context, flagOption, loginFileOf, textOption } from './context.ts';
import { writeLogin } from './login-file.ts';
import { defaultPort, fetchFingerprint, parseServer, type ServerAddress } from './pinned-connection.ts';
import { readSecretFile } from './secret-file.ts';
import { readSecretFromStdin } from './terminal.ts';

export function addLoginCommand(program: Command, context: Context): void {
  program
    .command('login')
    .description('remember a server, its certificate and a token')
    .argument('[server]', 'https://HOST:PORT or unix:/PATH', `https://127.0.0.1:${defaultPort}`)
    .option('--token-file <file>', 'read the token from a file of mode 0600')
    .option('--token <->', 'a dash: read the token from standard input; a token itself is refused here')
    .option('--fingerprint <hex>', "the SHA-256 of the server's certificate, known from elsewhere")
    .option('--accept', 'take the certificate that the server shows')
    .option('--local <directory>', 'log in on the server itself: its data directory holds token and certificate')
    .action(async (server: string, _, command: Command) => {
      const address = parseServer(server);
      const file = await loginFileOf(context, command);
      const login = await makeLogin(context, command, address);
      await checkToken(login);
      await writeLogin(file, login);
      context.terminal.stderr.write(`Logged in to ${login.server}; kept in ${file}.\n`);
    });
}

async function makeLogin(context: Context, command: Command, server: ServerAddress): Promise<Login> {
  const local = textOption(command, 'local');
  if (local !== undefined) {
    const token = await readSecretFile(join(local, tokenFile));
    return { server: server.text, fingerprint: await localFingerprint(join(local, certificateFile)), token };
  }
  const fingerprint = await confirmedFingerprint(context, command, server);
  return { server: server.text, fingerprint, token: (await readToken(context, command)).trim() };
}

async function localFingerprint(file: string): Promise<string> {
  try {
    return certificateFingerprint(new X509Certificate(await readFile(file)).raw);
  } catch (cause) {
    throw new AthanorError('invalid-input', `${file} holds no certificate.`, {
      field: '--local',
      value: file,
      remedy: 'Name the dataDirectory of the configuration that `athanor serve` runs with.',
      cause,
    });
  }
}

async function confirmedFingerprint(context: Context, command: Command, server: ServerAddress): Promise<string> {
  const { terminal } = context;
  const given = textOption(command, 'fingerprint')?.replaceAll(/[:\s]/g, '').toLowerCase();
  if (given !== undefined && !/^[0-9a-f]{64}$/.test(given)) {
    throw new AthanorError('invalid-input', 'The fingerprint is not a SHA-256.', {
      field: '--fingerprint',
      value: given,
      remedy: 'Write its 64 hexadecimal digits, with or without colons.',
    });
  }
  const shown = await fetchFingerprint(server);
  if (given !== undefined) {
    if (given === shown) return shown;
    throw new AthanorError('certificate-mismatch', `${server.text} shows another certificate than the one given.`, {
      field: '--fingerprint',
      value: shown,
      remedy: 'Check that this is the right server before you log in to it.',
    });
  }
  terminal.stderr.write(`${server.text} shows a certificate with this SHA-256:\n  ${spaced(shown)}\n`);
  if (flagOption(command, 'accept')) return shown;
  if (terminal.stdin.isTTY && terminal.stderr.isTTY) {
    const prompt = createInterface({ input: terminal.stdin, output: terminal.stderr });
    const answer = await prompt.question('Is it the right one? [y/N] ', { signal: terminal.signal });
    prompt.close();
    if (/^y(es)?$/i.test(answer.trim())) return shown;
    throw new AthanorError('aborted', 'The certificate was not accepted; nothing was kept.');
  }
  throw new AthanorError('invalid-input', 'Nobody is there to confirm the certificate.', {
    field: '--fingerprint',
    remedy: 'Give --fingerprint with the expected SHA-256, or --accept to take what the server shows.',
  });
}

async function readToken(context: Context, command: Command): Promise<string> {
  const file = textOption(command, 'tokenFile');
  if (file !== undefined) return readSecretFile(file);
  const token = textOption(command, 'token');
  if (token === '-' || (token === undefined && context.terminal.stdin.isTTY)) {
    return readSecretFromStdin(context.terminal, 'token');
  }
  const why =
    token === undefined ? 'No token is given.' : 'A token does not belong on a command line: others can see it there.';
  throw new AthanorError('invalid-input', why, {
    field: '--token',
    remedy: 'Use --token-file FILE, or --token - and write the token to standard input.',
  });
}

async function checkToken(login: Login): Promise<void> {
  const client = createClient(login);
  try {
    await client.get('machines', z.array(machineViewSchema));
  } finally {
    await client.close();
  }
}

function spaced(fingerprint: string): string {
  return (fingerprint.match(/../g) ?? []).join(':');
}
