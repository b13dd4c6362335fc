/** Loads the fonts that `make fonts` built. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AthanorError } from '../../errors/index.ts';
import { type ScreenFonts, createFont, parsePsf2 } from './font.ts';

async function glyphsOf(directory: string, name: string): Promise<Uint8Array> {
  const content = await readFile(path.join(directory, name)).catch((cause: unknown) => {
    throw new AthanorError('not-found', `The font ${name} that screens are read with is not in ${directory}.`, {
      remedy: 'Run `make fonts`: it takes the fonts from Debian packages.',
      cause,
    });
  });
  return parsePsf2(content, path.join(directory, name));
}

/** The fonts in `directory` (`build/fonts`). */
export async function loadFonts(directory: string): Promise<ScreenFonts> {
  const vga = await glyphsOf(directory, 'vga-9x16.psf');
  const fbcon = await glyphsOf(directory, 'fbcon-8x16.psf');
  return {
    vga9: createFont(vga, { name: 'vga-9x16', cellWidth: 9, cursor: 'covers' }),
    vga8: createFont(vga, { name: 'vga-8x16', cellWidth: 8, cursor: 'covers' }),
    fbcon: createFont(fbcon, { name: 'fbcon-8x16', cellWidth: 8, cursor: 'inverts' }),
  };
}
