/** Decodes pictures of screens that came from somewhere else: PNG, or PPM as QEMU's `screendump` writes it. */
import { AthanorError } from '../../errors/index.ts';
import type { Frame } from '../frame.ts';
import { decodePng, isPng } from './decode-png.ts';
import { decodePpm, isPpm } from './decode-ppm.ts';

/** The picture in `bytes`. Anything else than a whole PNG or PPM of bounded size is refused with `invalid-input`. */
export function decodeImage(bytes: Uint8Array): Frame {
  if (isPng(bytes)) return decodePng(bytes);
  if (isPpm(bytes)) return decodePpm(bytes);
  throw new AthanorError('invalid-input', 'The picture is neither PNG nor PPM (P6).', {
    field: 'frame',
    remedy: 'Give a screenshot as PNG or PPM.',
  });
}
