import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePng, loadFonts, readScreen } from '../console/index.ts';
import { attributeCell, drawScreen, textCells } from '../console/testing/draw-screen.ts';
import { colouredReading } from './screen-commands.ts';

const root = path.resolve(import.meta.dirname, '../..');
const directory = mkdtempSync(path.join(tmpdir(), 'screen-'));
afterAll(() => rmSync(directory, { recursive: true }));
const fonts = await loadFonts(path.join(root, 'build/fonts'));
const cells = textCells(['login: │x│'], 80, 25).with(80, attributeCell(0x45, 0x4f));
const frame = drawScreen(fonts.vga9, 80, cells, { cursor: { cell: 11, from: 13, to: 14 } });
const file = path.join(directory, 'frame.png');
writeFileSync(file, encodePng(frame));

const athanor = (...words: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(path.join(root, 'bin/athanor'), words, { encoding: 'utf8' });

describe('screen read', () => {
  it('prints the text', () => {
    expect(athanor('screen', 'read', file)).toMatchObject({ status: 0, stdout: 'login: │x│\nE\n', stderr: '' });
  });

  it('prints every cell as JSON', () => {
    const { stdout } = athanor('screen', 'read', file, '-o', 'json');
    const reading: unknown = JSON.parse(String(stdout));
    expect(reading).toMatchObject({
      font: 'vga-9x16',
      columns: 80,
      rows: 25,
      confidence: 1,
      cursor: { column: 11, row: 0 },
    });
    expect(reading).toHaveProperty('lines[0]', 'login: │x│');
    expect(reading).toHaveProperty('cells[80]', {
      character: 'E',
      foreground: '#ffffff',
      background: '#aa0000',
      confidence: 1,
    });
  });

  it('prints its colours for a terminal', () => {
    const reading = readScreen(frame, fonts) ?? expect.fail();
    expect(colouredReading(reading).split('\n')[1]).toContain('\u001b[38;2;255;255;255;48;2;170;0;0mE');
  });

  it('says that a picture is no text', () => {
    const picture = path.join(directory, 'picture.png');
    const rgb = Uint8Array.from({ length: 320 * 200 * 3 }, (_, index) => (index * 7) & 0xff);
    writeFileSync(picture, encodePng({ width: 320, height: 200, rgb }));
    const { status, stderr } = athanor('screen', 'read', picture);
    expect([status, stderr]).toEqual([65, expect.stringContaining('screen-unreadable')]);
  });

  it.each([
    ['is not there', path.join(directory, 'nothing.png'), 'cannot be read: ENOENT'],
    ['is a folder', directory, 'cannot be read: EISDIR'],
    ['is no picture', path.join(root, 'package.json'), 'neither PNG nor PPM'],
    ['has no end', '/dev/zero', 'cannot be read: it has more than'],
  ])('says that a file %s', (_, name, said) => {
    const { status, stderr } = athanor('screen', 'read', name);
    expect([status, stderr]).toEqual([65, expect.stringContaining(said)]);
  });
});
