import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../frame.ts';
import { type DrawnCell, codeOf, drawCell, drawScreen, putCell, textCells } from '../testing/draw-screen.ts';
import type { ScreenFont } from './font.ts';
import { loadFonts } from './load-fonts.ts';
import { readScreen, readingText } from './read-screen.ts';
import type { Reading } from './reading.ts';

const fonts = await loadFonts(path.resolve(import.meta.dirname, '../../../build/fonts'));
const grids = [
  { font: fonts.vga9, columns: 80, rows: 25 },
  { font: fonts.fbcon, columns: 100, rows: 37 },
  { font: fonts.vga8, columns: 80, rows: 25 },
];
const text = ['Kernel panic - not syncing: sysrq triggered crash', '', '  grub> _', '/ # ls -l {a,b} | g q y p j'];
const blank = { code: 0x20, foreground: 0xaaaaaa, background: 0 };
const screenOf = (font: ScreenFont, columns: number, rows: number, lines = text): DrawnCell[] => {
  // The fonts differ in few glyphs: this one is drawn differently by each.
  const cells = textCells(lines, columns, rows);
  return font === fonts.vga9 ? cells : cells.with(-1, { ...blank, code: 0x9b });
};

/** The cells that do not look, pixel by pixel, as what was drawn. */
function wrongCells(font: ScreenFont, reading: Reading, cells: readonly DrawnCell[]): number[] {
  return cells.flatMap((drawn, index) => {
    const read = reading.cells[index];
    if (read === undefined) return [index];
    const seen = drawCell(font, { ...read, code: codeOf(read.character) });
    return seen.join() === drawCell(font, drawn).join() ? [] : [index];
  });
}

it('takes the first letter of a highlighted line that is being drawn for no cursor in VGA text mode', () => {
  const { font, columns, rows } = grids[0] ?? { font: fonts.vga9, columns: 80, rows: 25 };
  const highlighted = { code: 0x2a, foreground: 0, background: 0xaaaaaa };
  const frame = drawScreen(font, columns, screenOf(font, columns, rows).with(5 * columns + 3, highlighted));
  const reading = readScreen(frame, fonts);
  expect(reading?.lines[5]).toBe('   *');
  expect(reading?.cursor).toBeUndefined();
});

describe.each(grids)('a screen drawn with $font.name', ({ font, columns, rows }) => {
  it('reads as its text, with full confidence', () => {
    const reading = readScreen(drawScreen(font, columns, screenOf(font, columns, rows)), fonts);
    expect(reading).toMatchObject({ font: font.name, columns, rows, confidence: 1, cursor: undefined });
    expect(reading?.lines.slice(0, 4)).toEqual(text);
  });

  it('reads back any characters in any two colours', () => {
    const colour = fc.integer({ min: 0, max: 0xffffff });
    const cell = fc
      .record({ code: fc.integer({ min: 0, max: 255 }), foreground: colour, background: colour })
      .filter(({ foreground, background }) => foreground !== background);
    // The rest of the screen is text: a screen of hidden characters only could be of any font.
    const cells = fc.array(cell, { minLength: columns * 4, maxLength: columns * 4 });
    fc.assert(
      fc.property(cells, (some) => {
        const all = [...some, ...screenOf(font, columns, rows).slice(0, (rows - 4) * columns)];
        if (font !== fonts.vga9) all.splice(0, 1, { ...blank, code: 0x9b });
        const reading = readScreen(drawScreen(font, columns, all), fonts);
        expect(reading?.font).toBe(font.name);
        expect(reading?.confidence).toBe(1);
        expect(reading && wrongCells(font, reading, all)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('reads the character under a visible cursor, and where it is', () => {
    const usual = font.cursor === 'covers' ? { from: 13, to: 14 } : { from: 14, to: 15 };
    const at = 5 * columns + 7;
    const looks = (cell: DrawnCell, cursor?: typeof usual): string => drawCell(font, cell, cursor).join();
    const frame = drawScreen(font, columns, screenOf(font, columns, rows));
    const colours = { foreground: 0xaaaaaa, background: 0x0000aa };
    const codes = Array.from({ length: 256 }, (_, code) => code);
    // Where glyph and cursor together look as some glyph alone, nobody can see a cursor.
    const glyphs = new Set(
      codes.flatMap((code) => [
        looks({ code, ...colours }),
        looks({ code, foreground: colours.background, background: colours.foreground }),
      ]),
    );
    let hidden = 0;
    for (const code of codes) {
      const drawn = { code, ...colours };
      if (glyphs.has(looks(drawn, usual))) {
        hidden += 1;
        continue;
      }
      putCell(frame, font, columns, at, drawn, usual);
      const reading = readScreen(frame, fonts);
      expect([code, reading?.cursor]).toEqual([code, { column: 7, row: 5 }]);
      const cell = reading?.cells[at] ?? { character: '', foreground: 0, background: 0, confidence: 0 };
      const read = { ...cell, code: codeOf(cell.character) };
      expect(looks(read, usual)).toBe(looks(drawn, usual));
      // Half confidence where the cursor hides what tells the glyph from another; what is sure must be right.
      if (cell.confidence === 1) expect(looks(read)).toBe(looks(drawn));
      else expect(cell.confidence).toBe(0.5);
    }
    expect(hidden).toBeLessThan(8);
  });

  it('finds a block cursor, alone in reverse', () => {
    const at = 3 * columns + 20;
    // A VGA's cursor hides the glyph.
    const code = font === fonts.vga9 ? 0x20 : 0x61;
    const reversed = { code, foreground: 0, background: 0xaaaaaa };
    const frame = drawScreen(font, columns, screenOf(font, columns, rows).with(at, reversed));
    expect(readScreen(frame, fonts)).toMatchObject({ cursor: { column: 20, row: 3 }, confidence: 1 });
    const two = drawScreen(
      font,
      columns,
      screenOf(font, columns, rows)
        .with(at, reversed)
        .with(at + 9, reversed),
    );
    expect(readScreen(two, fonts)?.cursor).toBeUndefined();
  });

  it('marks what no glyph fits', () => {
    const frame = drawScreen(font, columns, screenOf(font, columns, rows));
    const half = frame.rgb.slice();
    half.set([0xaa, 0xaa, 0xaa], (5 * frame.width + 12 * font.cellWidth) * 3); // a stray pixel in "- not"
    const reading = readScreen({ ...frame, rgb: half }, fonts);
    expect(reading?.lines[0]).toBe(`${text[0]?.slice(0, 12)}�${text[0]?.slice(13)}`);
    expect(reading?.cells[12]?.confidence).toBe(0);
    expect(reading?.confidence).toBe(0);
  });

  it('reads blocks that are each other reversed as those that stand on the ground', () => {
    const blocks = '▀▄▌▐•◘○◙';
    for (const background of [0, 0x0000aa]) {
      const cells = screenOf(font, columns, rows, [...text, '', blocks]).map((cell) => ({ ...cell, background }));
      expect(readScreen(drawScreen(font, columns, cells), fonts)?.lines[5]).toBe(blocks);
    }
  });

  it('finds no cursor where two cells could hold one', () => {
    const frame = drawScreen(font, columns, screenOf(font, columns, rows));
    const usual = font.cursor === 'covers' ? { from: 13, to: 14 } : { from: 14, to: 15 };
    for (const at of [3, 9]) putCell(frame, font, columns, at, { ...blank, code: 0x41 }, usual);
    const reading = readScreen(frame, fonts);
    expect([reading?.cursor, reading?.confidence]).toEqual([undefined, 0]);
  });

  it('reads text beside a picture, and no picture beside a little text', () => {
    const noise = (frame: Frame, fromRow: number, toRow: number): Frame => {
      for (let at = fromRow * 16 * frame.width * 3; at < toRow * 16 * frame.width * 3; at += 1) {
        frame.rgb[at] = Math.imul(at, 2654435761) >>> 24;
      }
      return frame;
    };
    const lines = Array.from({ length: rows }, () => 'x'.repeat(columns));
    const cells = screenOf(font, columns, rows, lines);
    const mostlyText = readScreen(noise(drawScreen(font, columns, cells), 0, 5), fonts);
    expect([mostlyText?.lines[4], mostlyText?.lines[5], mostlyText?.confidence]).toEqual([
      '\uFFFD'.repeat(columns),
      lines[5],
      0,
    ]);
    expect(readScreen(noise(drawScreen(font, columns, cells), 0, rows - 5), fonts)).toBeUndefined();
  });

  it('reads an empty screen as empty lines', () => {
    const reading = readScreen(drawScreen(font, columns, textCells([], columns, rows)), fonts);
    expect(reading).toMatchObject({ columns, rows, confidence: 1, cursor: undefined });
    expect(reading?.lines).toEqual(Array.from({ length: rows }, () => ''));
    expect(reading && readingText(reading)).toBe('');
  });
});

it('reads a framebuffer console whose resolution is no multiple of the cells', () => {
  const cells = screenOf(fonts.fbcon, 128, 48);
  const frame = drawScreen(fonts.fbcon, 128, cells, { margin: { right: 5, bottom: 11 } });
  expect(readScreen(frame, fonts)).toMatchObject({ columns: 128, rows: 48, confidence: 1 });
});

it('sees through the ninth column as QEMU draws it: repeated from B0 on', () => {
  const shades = { code: 0xb2, foreground: 0xaaaaaa, background: 0 };
  const frame = drawScreen(fonts.vga9, 80, screenOf(fonts.vga9, 80, 25).with(0, shades));
  for (let row = 0; row < 16; row += 1) {
    const eighth = (row * 720 + 7) * 3;
    frame.rgb.copyWithin(eighth + 3, eighth, eighth + 3);
  }
  expect(readScreen(frame, fonts)?.lines[0]?.[0]).toBe('▓');
});

it('does not take a picture for text', () => {
  const rgb = Uint8Array.from({ length: 800 * 600 * 3 }, (_, index) => ((index >> 4) * 31 + (index % 3) * 85) & 0xff);
  expect(readScreen({ width: 800, height: 600, rgb }, fonts)).toBeUndefined();
});

it('does not read a screen that was scaled down', () => {
  const { width, height, rgb } = drawScreen(fonts.vga9, 80, screenOf(fonts.vga9, 80, 25));
  const small = new Uint8Array((width / 2) * (height / 2) * 3);
  for (let pixel = 0; pixel < small.length / 3; pixel += 1) {
    const from = (Math.floor(pixel / (width / 2)) * 2 * width + (pixel % (width / 2)) * 2) * 3;
    small.set(rgb.subarray(from, from + 3), pixel * 3);
  }
  expect(readScreen({ width: width / 2, height: height / 2, rgb: small }, fonts)).toBeUndefined();
});

it('reads no frame of any size or content wrongly enough to fail', () => {
  const frame = fc
    .record({ width: fc.integer({ min: 0, max: 90 }), height: fc.integer({ min: 0, max: 60 }) })
    .chain(({ width, height }) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        rgb: fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }),
      }),
    );
  fc.assert(
    fc.property(frame, (any) => (readScreen(any, fonts)?.confidence ?? 0) <= 1),
    { numRuns: 200 },
  );
});

it('says what to do when the fonts were not built', async () => {
  await expect(loadFonts('/nowhere/fonts')).rejects.toMatchObject({
    code: 'not-found',
    remedy: expect.stringContaining('make fonts') as string,
  });
});
