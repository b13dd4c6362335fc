/** The far end of a simulated serial port: a prompt that echoes what is typed, and knows one command. */
import { Duplex } from 'node:stream';

const prompt = 'sim$ ';
const longestLine = 1024;

export interface PromptMachine extends Duplex {
  /** What it prints when the power comes on. */
  boot(): void;
}

export function createPromptMachine(name: string): PromptMachine {
  let line = '';

  function take(character: string): string {
    if (character === '\r' || character === '\n') {
      const typed = line.trim();
      line = '';
      return `\r\n${answer(typed)}${prompt}`;
    }
    if (character === '\u007f' || character === '\b') {
      if (line === '') return '';
      line = line.slice(0, -1);
      return '\b \b';
    }
    if (character < ' ' || line.length >= longestLine) return '';
    line += character;
    return character;
  }

  const machine = new Duplex({
    decodeStrings: false,
    read: () => undefined,
    write(chunk: Buffer | string, _encoding, done) {
      // Byte by byte: what is UTF-8 comes back as it came.
      const text = typeof chunk === 'string' ? chunk : chunk.toString('latin1');
      const said = Array.from(text, take).join('');
      if (said !== '') machine.push(Buffer.from(said, 'latin1'));
      done();
    },
  });
  return Object.assign(machine, {
    boot() {
      line = '';
      machine.push(`\r\n${name} starts\r\n${prompt}`);
    },
  });
}

function answer(typed: string): string {
  if (typed === '') return '';
  const [command = '', ...words] = typed.split(' ');
  return command === 'echo' ? `${words.join(' ')}\r\n` : `${command}: not found\r\n`;
}
