import { constants, inflateRawSync } from 'node:zlib';
import { RfbDecodeError } from './decode-error.ts';

/** Bytes that deflate may refer back to. */
const windowLength = 32_768;
/** What a sync flush ends with: an empty stored block, so that the next piece begins at a whole byte. */
const syncFlush = Buffer.of(0x00, 0x00, 0xff, 0xff);

/** A zlib stream (RFC 1950) that arrives in pieces, each ended by a sync flush. */
export interface ZlibStream {
  begun: boolean;
  window: Buffer;
}

export function createZlibStream(): ZlibStream {
  return { begun: false, window: Buffer.alloc(0) };
}

/**
 * The next piece of the stream, inflated: at most `most` bytes. Between sync flushes nothing but the window is carried
 * over, so each piece is a raw deflate stream with the window as its dictionary; that needs no stream object and no waiting.
 */
export function inflateNext(stream: ZlibStream, piece: Buffer, most: number): Buffer {
  const fail = (problem: string): never => {
    throw new RfbDecodeError('zlib stream', problem);
  };
  let deflated = piece;
  if (!stream.begun) {
    const header = piece.length < 2 ? fail('cut short') : piece.readUInt16BE(0);
    if ((header & 0x0f00) !== 0x0800 || (header & 0x0020) !== 0 || header % 31 !== 0) fail('no zlib header');
    deflated = piece.subarray(2);
    stream.begun = true;
  }
  if (!deflated.subarray(-4).equals(syncFlush)) fail('does not end with a sync flush');
  const inflated = inflateOrFail(stream, deflated, most, fail);
  const known = Buffer.concat([stream.window, inflated.subarray(-windowLength)]);
  stream.window = known.subarray(-windowLength);
  return inflated;
}

function inflateOrFail(stream: ZlibStream, deflated: Buffer, most: number, fail: (problem: string) => never): Buffer {
  try {
    return inflateRawSync(deflated, {
      ...(stream.window.length > 0 && { dictionary: stream.window }),
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: Math.max(most, 1),
      chunkSize: 65_536,
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'invalid');
  }
}
