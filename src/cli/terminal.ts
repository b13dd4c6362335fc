/** The process as the commands see it: streams, environment, and what the terminal can show. */
import { AthanorError } from '../errors/index.ts';

export interface Terminal {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  environment: NodeJS.ProcessEnv;
  /** Fires at Ctrl-C, at SIGTERM, and when the terminal goes. */
  signal: AbortSignal;
}

/** Standard input to its end, for secrets that must not stand on a command line. One newline at the end is dropped. */
export async function readSecretFromStdin(terminal: Terminal, what: string): Promise<string> {
  const { stdin, stderr } = terminal;
  let text = '';
  if (stdin.isTTY) {
    stderr.write(`${what}: `);
    text = await readHiddenLine(terminal);
    stderr.write('\n');
  } else {
    for await (const chunk of stdin) {
      text += String(chunk);
      if (text.length > 65_536) throw new AthanorError('invalid-input', `Standard input is too long for a ${what}.`);
    }
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  throw new AthanorError('invalid-input', `Standard input holds no ${what}.`, { remedy: `Write the ${what} to it.` });
}

async function readHiddenLine({ stdin }: Terminal): Promise<string> {
  stdin.setRawMode(true);
  try {
    let line = '';
    for await (const chunk of stdin) {
      for (const letter of String(chunk)) {
        if (letter === '\r' || letter === '\n' || letter === '\u0004') return line;
        if (letter === '\u0003') throw new AthanorError('aborted', 'Interrupted.');
        line = letter === '\u007f' ? line.slice(0, -1) : line + letter;
      }
    }
    return line;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** Text that came from a machine or a network, with nothing in it that a terminal would obey, hide or turn around. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t'
      ? ' '
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

export function hasColour(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}
