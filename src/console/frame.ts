/** One captured picture of a graphical console. */
export interface Frame {
  width: number;
  height: number;
  /** Three bytes (red, green, blue) per pixel, row by row from the top left: `width * height * 3` bytes. */
  rgb: Uint8Array;
}
