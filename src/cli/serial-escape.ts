/** What a person types into a serial console: characters for the machine, and the escape key with the key after it. */
import { AthanorError } from '../errors/index.ts';

export type TypedPart = { kind: 'characters'; bytes: Uint8Array } | { kind: 'quit' | 'break' | 'help' | 'unknown' };

export const usualEscapeKey = '^]';

/** The byte of a key written as `^]`; only keys together with Ctrl can be one, for others belong to the machine. */
export function parseEscapeKey(text: string): number {
  const [, letter] = /^\^([@-_a-z])$/.exec(text) ?? [];
  if (letter !== undefined) return letter.toUpperCase().charCodeAt(0) - 0x40;
  throw new AthanorError('invalid-input', `The escape key ${text} is not one like ^], ^O or ^_.`, {
    value: text,
    remedy: 'Write ^ and a letter or one of @ [ \\ ] ^ _.',
  });
}

export function nameOfEscapeKey(key: number): string {
  return `Ctrl-${String.fromCharCode(key + 0x40)}`;
}

/** Reads what is typed, in chunks that may be cut anywhere. */
export function createEscapeReader(key: number): (typed: Uint8Array) => TypedPart[] {
  let escaped = false;

  function command(byte: number): TypedPart {
    // The key after it with Ctrl still held down, or in capitals, means the same.
    const letter = String.fromCharCode(byte < 0x20 ? byte + 0x60 : byte).toLowerCase();
    if (byte === key) return { kind: 'characters', bytes: Uint8Array.of(key) };
    if (letter === 'q' || letter === '.') return { kind: 'quit' };
    if (letter === 'b') return { kind: 'break' };
    if (letter === '?' || letter === 'h') return { kind: 'help' };
    return { kind: 'unknown' };
  }

  return (typed) => {
    const parts: TypedPart[] = [];
    let plain = 0;
    const flush = (end: number): void => {
      if (end > plain) parts.push({ kind: 'characters', bytes: typed.subarray(plain, end) });
    };
    for (const [at, byte] of typed.entries()) {
      if (escaped) {
        parts.push(command(byte));
        escaped = false;
        plain = at + 1;
      } else if (byte === key) {
        flush(at);
        escaped = true;
        plain = at + 1;
      }
    }
    flush(typed.length);
    return parts;
  };
}
