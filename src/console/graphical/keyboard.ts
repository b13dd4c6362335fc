/** Text as strokes of a US keyboard. */
import { AthanorError } from '../../errors/index.ts';
import { type Key, keysyms } from './keys.ts';

/** X11's keysym of the left Shift key. */
export const shiftKeysym = 0xffe1;

/** One key pressed and released, with Shift held or not. */
export interface Stroke {
  keysym: number;
  shift: boolean;
}

/** More than any playbook types; at a slow guest's pace already minutes. */
const longestText = 4096;

const shifted = '~!@#$%^&*()_+{}|:"<>?';

export function strokesOfKeys(keys: readonly Key[]): Stroke[] {
  return keys.map((key) => ({ keysym: keysyms[key], shift: false }));
}

/**
 * The strokes that write the text. A printable ASCII character is its own keysym; where it needs Shift on a US keyboard,
 * Shift is pressed too, because some servers look at the key and some at the character.
 */
export function strokesOfText(text: string): Stroke[] {
  const characters = Array.from(text);
  if (characters.length > longestText) {
    throw new AthanorError(
      'invalid-input',
      `A text to type has ${characters.length} characters; ${longestText} is the most`,
    );
  }
  return characters.map((character, index) => {
    if (!/^[ -~]$/.test(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      throw new AthanorError('invalid-input', `Character ${index + 1} (U+${code}) has no key on a US keyboard`, {
        remedy: 'Type printable ASCII only; press Enter and other keys by their names.',
      });
    }
    return { keysym: character.charCodeAt(0), shift: /[A-Z]/.test(character) || shifted.includes(character) };
  });
}
