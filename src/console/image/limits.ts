/** What a picture of a screen may have at most, checked before anything is unpacked. */
import { AthanorError } from '../../errors/index.ts';

/** Pixels along one side. */
export const longestSide = 8192;
/** Pixels in all: an 8K screen, which unpacks to 100 MB. */
export const mostPixels = 8192 * 4096;
/** Bytes of the pixels as a file packs them: more than an 8K screen in 8-bit RGB. */
export const mostUnpackedBytes = 128 * 2 ** 20;
/** Bytes of the file. */
export const mostBytes = 64 * 2 ** 20;

export function checkSize(width: number, height: number): void {
  const isSound = width >= 1 && height >= 1 && width <= longestSide && height <= longestSide;
  if (isSound && width * height <= mostPixels) return;
  throw new AthanorError('invalid-input', `The picture is said to have ${width} by ${height} pixels.`, {
    field: 'frame',
    remedy: `Give one of at most ${longestSide} pixels along a side and ${mostPixels} in all.`,
  });
}

export function checkBytes(bytes: number): void {
  if (bytes <= mostBytes) return;
  throw new AthanorError('invalid-input', `The picture's file has ${bytes} bytes, more than ${mostBytes}.`, {
    field: 'frame',
    remedy: 'Give the picture of a screen.',
  });
}

export function malformed(what: string, cause?: unknown): AthanorError {
  return new AthanorError('invalid-input', `The picture is damaged: ${what}.`, {
    field: 'frame',
    remedy: 'Take the screenshot again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
