/** Screens that QEMU drew, with the text memory that they were drawn from. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { recordings } from '../../../tools/recordings.ts';
import { decodeImage } from '../image/decode-image.ts';
import { type DrawnCell, attributeCell, codeOf, drawCell, qemuVgaPalette } from '../testing/draw-screen.ts';
import { codePage437 } from './code-page-437.ts';
import { loadFonts } from './load-fonts.ts';
import { readScreen } from './read-screen.ts';

const folder = recordings('console');
const fonts = await loadFonts(path.resolve(import.meta.dirname, '../../../build/fonts'));

it.runIf(folder !== undefined).each(['memtest', 'grub_rescue_cd', 'seabios_noboot'])(
  '%s: every cell, its character and its colours',
  async (name) => {
    const memory = await readFile(path.join(folder ?? '', `${name}.b8000`));
    const reading = readScreen(decodeImage(await readFile(path.join(folder ?? '', `${name}.png`))), fonts);
    expect(reading).toMatchObject({ font: 'vga-9x16', columns: 80, rows: 25, confidence: 1 });
    const looks = (cell: DrawnCell): string => drawCell(fonts.vga9, cell).join();
    // What looks the same may read as another character: nobody can tell a blank from a full block of one colour.
    const wrong = reading?.cells.flatMap((cell, index) => {
      const drawn = attributeCell(memory[index * 2] ?? 0, memory[index * 2 + 1] ?? 0, qemuVgaPalette);
      const isRight = looks({ ...cell, code: codeOf(cell.character) }) === looks(drawn);
      return isRight ? [] : [{ index, cell, drawn, expected: codePage437[drawn.code] }];
    });
    expect(wrong).toEqual([]);
  },
);
