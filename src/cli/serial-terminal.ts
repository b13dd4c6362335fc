/**
 * A serial console in a person's terminal: every key goes to the machine but the escape key, and what the machine prints
 * goes to the terminal as it is. Without a terminal, standard input is sent to its end, untouched.
 */
import { closeSerialConsole, type SerialConsole, type SerialNotice } from '../bmc/index.ts';
import { AthanorError, asAthanorError } from '../errors/index.ts';
import type { TypedPart } from './serial-escape.ts';
import { createEscapeReader, nameOfEscapeKey, parseEscapeKey, usualEscapeKey } from './serial-escape.ts';
import type { Terminal } from './terminal.ts';

export interface SerialTerminalOptions {
  /** Named in what is shown. */
  bmc: string;
  /** As `^]`, which it is when left out. */
  escapeKey?: string;
  /** Without a terminal: after the end of input, how long the machine must be silent before the console ends. */
  quietMs?: number;
}

const usualQuietMs = 1_000;

/** The machine's programs may have changed these: colours, cursor, mouse, pasting, keys, as a terminal begins with. */
const plainTerminal =
  '\u001b[0m\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[?1l\u001b>';
const enterOtherScreen = '\u001b[?1049h';
const leaveOtherScreen = '\u001b[?1049l';

const notices: Record<SerialNotice, string> = {
  overrun: 'the BMC lost characters of the machine',
  break: 'the machine sent a break',
  unavailable: 'the machine cannot take characters now: it may be off or in reset',
  available: 'the machine can take characters again',
};

/**
 * Resolves with the exit code when the person leaves or input is at its end; rejects when the console fails or the
 * terminal's signal fires. However it ends, the console is closed and the terminal is as it was.
 */
export async function runSerialTerminal(
  console: SerialConsole,
  terminal: Terminal,
  options: SerialTerminalOptions,
): Promise<number> {
  const { stdin, stdout, stderr, signal } = terminal;
  const key = parseEscapeKey(options.escapeKey ?? usualEscapeKey);
  const interactive = stdin.isTTY;
  const newline = interactive ? '\r\n' : '\n';
  const screen = followScreen();
  const tell = (text: string): void => void stderr.write(`${newline}[${text}]${newline}`);

  const onOutput = (chunk: Buffer): void => {
    screen.see(chunk);
    // A slow terminal slows the machine down, not our memory up.
    if (stdout.write(chunk)) return;
    console.pause();
    stdout.once('drain', () => console.resume());
  };
  const onNotice = (notice: SerialNotice): void => tell(notices[notice]);

  if (interactive) {
    stdin.setRawMode(true);
    const name = nameOfEscapeKey(key);
    tell(`serial console of ${options.bmc}: ${name} . leaves, ${name} ? tells more`);
  }
  console.on('notice', onNotice);
  console.on('data', onOutput);
  try {
    const left = interactive ? followKeys(console, stdin, key, tell) : sendInput(console, stdin, options.quietMs);
    await Promise.race([left, failureOf(console), interruption(signal)]);
    return 0;
  } finally {
    console.off('notice', onNotice);
    console.off('data', onOutput);
    // First the terminal: a BMC that has gone away is waited for a while.
    if (!interactive) {
      // Whoever writes to it may go on for ever: only this ends the waiting for them.
      stdin.destroy();
    } else {
      stdin.pause();
      stdin.setRawMode(false);
      if (stdout.isTTY) stdout.write(`${screen.other() ? leaveOtherScreen : ''}${plainTerminal}`);
    }
    await closeSerialConsole(console);
    if (interactive) stderr.write(`\n[serial console of ${options.bmc} closed]\n`);
  }
}

/** Resolves when the person leaves. */
function followKeys(
  console: SerialConsole,
  stdin: NodeJS.ReadStream,
  key: number,
  tell: (text: string) => void,
): Promise<void> {
  const read = createEscapeReader(key);
  return new Promise((resolve) => {
    const obey = (part: TypedPart): void => {
      switch (part.kind) {
        case 'characters':
          // More typed than the machine takes, as by pasting: the terminal waits.
          if (console.write(part.bytes)) return;
          stdin.pause();
          console.once('drain', () => stdin.resume());
          return;
        case 'quit':
          stdin.off('data', onTyped);
          resolve();
          return;
        case 'break':
          console.sendBreak().then(
            () => tell('break sent'),
            (error: unknown) => tell(`no break sent: ${asAthanorError(error).message}`),
          );
          return;
        case 'help':
          tell(helpText(nameOfEscapeKey(key)));
          return;
        case 'unknown':
          tell(`no such key; ${nameOfEscapeKey(key)} ? lists them`);
      }
    };
    const onTyped = (chunk: Buffer | string): void => {
      for (const part of read(Buffer.from(chunk))) {
        if (stdin.listeners('data').includes(onTyped)) obey(part);
      }
    };
    stdin.on('data', onTyped);
    // The terminal is gone, as when its window is closed.
    stdin.once('end', resolve);
    stdin.resume();
  });
}

function helpText(name: string): string {
  return [
    'keys:',
    `  ${name} .   leave (also ${name} q)`,
    `  ${name} b   send a break`,
    `  ${name} ?   this list`,
    `  ${name} ${name}   send ${name} itself`,
  ].join('\r\n');
}

/** Sends everything, waits until the BMC took it, and then for the machine to fall silent. */
async function sendInput(
  console: SerialConsole,
  stdin: NodeJS.ReadStream,
  quietMs: number = usualQuietMs,
): Promise<void> {
  for await (const chunk of stdin) {
    if (!console.write(Buffer.from(chunk))) await new Promise((resolve) => console.once('drain', resolve));
  }
  await new Promise<void>((resolve) => console.end(resolve));
  await new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, quietMs);
    console.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, quietMs);
    });
  });
}

function failureOf(console: SerialConsole): Promise<never> {
  return new Promise((_resolve, reject) => {
    console.once('error', (error) => reject(asAthanorError(error)));
    console.once('close', () => reject(new AthanorError('aborted', 'The serial console was closed.')));
  });
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(new AthanorError('aborted', 'Interrupted.'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Whether the machine's program switched to the terminal's other screen, as editors do, and has not left it. */
function followScreen(): { see(chunk: Buffer): void; other(): boolean } {
  let other = false;
  let tail = '';
  return {
    see(chunk) {
      const text = tail + chunk.toString('latin1');
      const entered = text.lastIndexOf(enterOtherScreen);
      const leaving = text.lastIndexOf(leaveOtherScreen);
      if (entered !== leaving) other = entered > leaving;
      // The sequence may be cut in two.
      tail = text.slice(1 - enterOtherScreen.length);
    },
    other: () => other,
  };
}
