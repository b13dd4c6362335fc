import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { echoIsSeen } from './echo.ts';

const columns = 20;

/** A console that wraps its line at the edge. */
function screen(line: string, cursor: 'shown' | 'hidden' = 'shown') {
  const lines: string[] = [];
  for (let at = 0; at <= line.length; at += columns) lines.push(line.slice(at, at + columns).trimEnd());
  const place = { row: Math.floor(line.length / columns), column: line.length % columns };
  return {
    columns,
    lines: ['boot menu', ...lines],
    cursor: cursor === 'shown' ? { ...place, row: place.row + 1 } : undefined,
  };
}

describe('an echo', () => {
  it.each(['shown', 'hidden'] as const)('is seen behind the prompt, wrapped or not, cursor %s', (cursor) => {
    const text = fc
      .string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '/', '.', '-'), minLength: 1, maxLength: 70 })
      .filter((typed) => /\S/.test(typed));
    fc.assert(
      fc.property(text, (typed) => {
        expect(echoIsSeen(typed, screen('grub> ', cursor), screen(`grub> ${typed}`, cursor))).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing came yet', 'grub> '],
    ['a character is missing', 'grub> ls /hda'],
    ['a character came twice', 'grub> ls  /hdda1'],
    ['another line was there before', 'grub> xls /hda1'],
    ['there is more behind it', 'grub> ls /hda1 -l'],
  ])('is not seen when %s', (_what, line) => {
    expect(echoIsSeen('ls /hda1', screen('grub> '), screen(line))).toBe(false);
  });

  it('is not seen in an older line above the cursor', () => {
    const before = { columns, lines: ['grub> ls', '', 'grub>'], cursor: { row: 2, column: 6 } };
    expect(echoIsSeen('ls', before, before)).toBe(false);
  });
});
