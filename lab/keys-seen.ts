/** What was typed at a server, told by QEMU itself: its trace of every key event, in its log. */
import { readFile } from 'node:fs/promises';
import type { KeyEvent } from './machine.ts';
import { keyTrace } from './qemu-command.ts';

/** `PID@SECONDS.MICROSECONDS:input_event_key_qcode con 0, key qcode ret, down 1` */
const traceLine = new RegExp(`^\\d+@(\\d+\\.\\d+):${keyTrace} con -?\\d+, key qcode (\\S+), down ([01])$`, 'gm');

/** Every key event in a log of QEMU's. */
export function keyEvents(log: string): KeyEvent[] {
  return [...log.matchAll(traceLine)].map(([, time, key = '', down]) => ({
    time: Math.round(Number(time) * 1000),
    key,
    down: down === '1',
  }));
}

export async function readKeys(logFile: string): Promise<KeyEvent[]> {
  return keyEvents(await readFile(logFile, 'utf8').catch(() => ''));
}

/** QEMU's names of the keys that give a character, on a US keyboard: alone, and with shift. */
const characters: Record<string, [plain: string, shifted: string]> = {
  spc: [' ', ' '],
  minus: ['-', '_'],
  equal: ['=', '+'],
  bracket_left: ['[', '{'],
  bracket_right: [']', '}'],
  backslash: ['\\', '|'],
  semicolon: [';', ':'],
  apostrophe: ["'", '"'],
  grave_accent: ['`', '~'],
  comma: [',', '<'],
  dot: ['.', '>'],
  slash: ['/', '?'],
  ...Object.fromEntries(Array.from(')!@#$%^&*(', (shifted, digit) => [digit, [String(digit), shifted]])),
};

/**
 * What was pressed as text: characters as themselves, other keys as `<ret>`. What was held down together with a modifier
 * other than shift is named with it: `<alt-print-c>` (`print` is the SysRq key).
 */
export function typedText(events: readonly KeyEvent[]): string {
  const held = new Set<string>();
  let text = '';
  for (const { key, down } of events) {
    if (!down) {
      held.delete(key);
      continue;
    }
    const others = [...held].filter((name) => !isShift(name));
    held.add(key);
    if (isModifier(key)) continue;
    const plain = others.length === 0 ? characterOf(key, [...held].some(isShift)) : undefined;
    text += plain ?? `<${[...others, key].join('-')}>`;
  }
  return text;
}

function isShift(key: string): boolean {
  return key === 'shift' || key === 'shift_r';
}

function isModifier(key: string): boolean {
  return isShift(key) || /^(alt|ctrl|meta_l|meta_r)(_r)?$/.test(key);
}

function characterOf(key: string, shifted: boolean): string | undefined {
  if (/^[a-z]$/.test(key)) return shifted ? key.toUpperCase() : key;
  return characters[key]?.[shifted ? 1 : 0];
}
