/** Faults as people write them on a command line: `loss=0.1,duplicate=0.05,power=ignored`. */
import { AthanorError } from '../../errors/index.ts';
import type { Faults } from './faults.ts';
import { noFaults } from './faults.ts';

const usual = noFaults();
/** Numbers that are a share of 1. */
const shares: readonly string[] = [
  'loss',
  'duplicate',
  'reorder',
  'wrongSessionSequence',
  'wrongRequestSequence',
  'busy',
  'garbage',
  'rakp4Lost',
] satisfies (keyof Faults)[];
const lies = { ignored: 'ignored', 'reads-wrong': 'reads wrong' } as const;
const byWord = new Map(Object.keys(usual).map((name) => [kebab(name), name]));

/** Throws `invalid-input`. */
export function parseFaults(text: string): Partial<Faults> {
  const faults: Record<string, unknown> = {};
  for (const part of text.split(',').map((word) => word.trim())) {
    const [word = '', value] = part.split('=');
    const name = byWord.get(word);
    if (name === undefined) throw wrong(part, `"${word}" is no fault. Known are ${[...byWord.keys()].join(', ')}.`);
    faults[name] = valueOf(name, value, part);
  }
  // Each name is one of Faults', and its value was read by the type that field has.
  return faults as Partial<Faults>;
}

function valueOf(name: string, value: string | undefined, part: string): boolean | number | string {
  const before: unknown = Object.entries(usual).find(([key]) => key === name)?.[1];
  if (typeof before === 'boolean') {
    if (value === undefined || value === 'true') return true;
    if (value === 'false') return false;
    throw wrong(part, 'This is true or false.');
  }
  if (typeof before === 'string') {
    if (value === 'ignored' || value === 'reads-wrong') return lies[value];
    throw wrong(part, 'This is "ignored" or "reads-wrong".');
  }
  const number = value === undefined || value === '' ? Number.NaN : Number(value);
  if (shares.includes(name)) {
    if (number >= 0 && number <= 1) return number;
    throw wrong(part, 'This is a share from 0 to 1.');
  }
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw wrong(part, 'This is a whole number.');
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function wrong(value: string, message: string): AthanorError {
  return new AthanorError('invalid-input', message, {
    field: 'fault',
    value,
    remedy: 'Write for example loss=0.1,deaf.',
  });
}
