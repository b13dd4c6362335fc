/** The parameters of a command from what was written on the command line, its secrets from files or from a person. */
import { parameterFromText, parametersOf } from '../../bmc/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { readSecretFile } from '../secret-file.ts';
import { readSecretFromStdin, type Terminal } from '../terminal.ts';
import type { Asked } from './command-tree.ts';

/** Throws `invalid-input` before anything is sent. */
export async function readParameters(terminal: Terminal, asked: Asked): Promise<Record<string, unknown>> {
  const { command, words, options, secretFiles } = asked;
  const given: Record<string, unknown> = {};
  for (const [at, name] of command.positional.entries()) {
    const text = words[at];
    if (text !== undefined) given[name] = parameterFromText(command, name, text);
  }
  for (const [name, value] of options) {
    given[name] = typeof value === 'boolean' ? value : parameterFromText(command, name, value);
  }
  for (const { name, option, required, secret } of parametersOf(command)) {
    if (!secret) continue;
    const file = secretFiles.get(name);
    if (file === undefined && !required) continue;
    given[name] = await secretOf(terminal, option, file);
  }
  const parsed = command.parameters.strict().safeParse(given);
  if (parsed.success) return given;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const value = given[field];
  const open = !command.secrets.includes(field) && (typeof value === 'string' || typeof value === 'number');
  const shown = open ? { value: String(value) } : {};
  throw new AthanorError(
    'invalid-input',
    `bmc ${command.name}: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'it is not valid'}.`,
    {
      field,
      ...shown,
      remedy: `Look at \`athanor bmc ${command.name} --help\`.`,
    },
  );
}

/** A secret that a person types is asked for twice: nobody sees what was typed. */
async function secretOf(terminal: Terminal, option: string, file: string | undefined): Promise<string> {
  const name = option.replaceAll('-', ' ');
  if (file !== undefined && file !== '-') return await readSecretFile(file);
  if (file === '-') return await readSecretFromStdin(terminal, name);
  if (!terminal.stdin.isTTY) {
    throw new AthanorError('invalid-input', `There is no ${name}, and no terminal to ask for it.`, {
      field: `--${option}-file`,
      remedy: `Give --${option}-file with a file of mode 0600, or - for standard input.`,
    });
  }
  const first = await readSecretFromStdin(terminal, `new ${name}`);
  if (first === (await readSecretFromStdin(terminal, `new ${name}, again`))) return first;
  throw new AthanorError('invalid-input', 'The two were not the same.', { remedy: 'Try it again.' });
}
