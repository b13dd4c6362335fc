/** What a frame says, cell by cell. */

/** One character cell. */
export interface Cell {
  /** The character, a space for an empty cell, U+FFFD where no glyph of the font fits. */
  character: string;
  /** 0xRRGGBB of the glyph's pixels. For an empty cell the same as the background. */
  foreground: number;
  background: number;
  /** 0 (nothing fits) to 1 (every pixel fits one glyph, and no visibly different one). */
  confidence: number;
}

export interface Cursor {
  column: number;
  row: number;
}

/** The text cells read from a frame. */
export interface Reading {
  /**
   * Which grid and font fitted: `vga-9x16` (720 by 400 text mode), `fbcon-8x16` (Linux's framebuffer console, any
   * resolution), `vga-8x16` (a VGA's font without the ninth column, any resolution).
   */
  font: string;
  columns: number;
  rows: number;
  /** Row by row from the top left: `columns * rows` cells. */
  cells: readonly Cell[];
  /** The text cursor where it was visible in this frame, else undefined (it blinks, and some consoles have none). */
  cursor: Cursor | undefined;
  /** The least confidence of any cell that is not empty; 1 for an empty screen. */
  confidence: number;
  /** One text per row, without trailing spaces: what rules match against, joined by line feeds. */
  lines: readonly string[];
}
