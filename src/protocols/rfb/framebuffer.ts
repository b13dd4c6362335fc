import { RfbDecodeError } from './decode-error.ts';
import { limits } from './limits.ts';

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The picture as the client knows it: one 0xRRGGBB per pixel. It changes in place. */
export interface Framebuffer {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/** Throws when the size is beyond what this client holds. */
export function checkSize(width: number, height: number, what: string): void {
  if (width > limits.side || height > limits.side || width * height > limits.framebufferPixels) {
    throw new RfbDecodeError(what, `a framebuffer of ${width}x${height} is too large`);
  }
}

export function createFramebuffer(width: number, height: number): Framebuffer {
  checkSize(width, height, 'framebuffer');
  return { width, height, pixels: new Uint32Array(width * height) };
}

/** Throws unless the area lies inside the framebuffer. Everything that writes checks with this first. */
export function checkInside(framebuffer: Framebuffer, area: Area, what: string): void {
  if (area.x + area.width > framebuffer.width || area.y + area.height > framebuffer.height) {
    const size = `${framebuffer.width}x${framebuffer.height}`;
    throw new RfbDecodeError(what, `${area.width}x${area.height} at ${area.x},${area.y} is outside ${size}`);
  }
}

/** Fills `length` pixels of one row. */
export function fillRun(framebuffer: Framebuffer, x: number, y: number, length: number, colour: number): void {
  const start = y * framebuffer.width + x;
  framebuffer.pixels.fill(colour, start, start + length);
}

/** Copies an area over another that may overlap it. */
export function copyArea(framebuffer: Framebuffer, to: Area, from: { x: number; y: number }): void {
  const { pixels, width } = framebuffer;
  // Rows go in the direction that reads each before it is overwritten; within a row copyWithin sees to it.
  const downwards = from.y >= to.y;
  for (let index = 0; index < to.height; index += 1) {
    const row = downwards ? index : to.height - 1 - index;
    const start = (from.y + row) * width + from.x;
    pixels.copyWithin((to.y + row) * width + to.x, start, start + to.width);
  }
}

/** Three bytes (red, green, blue) per pixel. */
export function rgbOf(framebuffer: Framebuffer): Uint8Array {
  const { pixels } = framebuffer;
  const rgb = new Uint8Array(pixels.length * 3);
  for (let index = 0, at = 0; index < pixels.length; index += 1, at += 3) {
    const colour = pixels[index] ?? 0;
    rgb[at] = colour >>> 16;
    rgb[at + 1] = colour >>> 8;
    rgb[at + 2] = colour;
  }
  return rgb;
}
