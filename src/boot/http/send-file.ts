import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';

const bufferSize = 512 * 1024;

/** Hands bytes to the connection; resolves when they have left the buffer, rejects when the client is gone. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the client closed the connection'));
    if (response.destroyed || response.socket === null) return gone();
    response.once('close', gone);
    response.write(bytes, (error) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}

/**
 * Sends `length` bytes of a file from `start`: one buffer is read while the other one leaves. A stream piped into the
 * response is half as fast. Rejects when the client is gone or the file became shorter; the caller then drops the
 * connection, for the length is already promised.
 */
export async function sendFile(
  response: ServerResponse,
  handle: FileHandle,
  start: number,
  length: number,
): Promise<void> {
  const size = Math.min(bufferSize, length);
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(length > size ? size : 0)];
  const read = async (index: number, position: number): Promise<Uint8Array> => {
    const buffer = buffers[index % 2] ?? Buffer.alloc(0);
    const wanted = Math.min(size, start + length - position);
    if (wanted === 0) return buffer.subarray(0, 0);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead === 0) throw new Error('the file became shorter');
    return buffer.subarray(0, bytesRead);
  };
  let position = start;
  let next = read(0, position);
  for (let index = 1; position < start + length; index++) {
    const bytes = await next;
    position += bytes.length;
    next = read(index, position);
    try {
      await write(response, bytes);
    } catch (error) {
      // The read under way must end before the caller closes the file.
      await next.catch(() => {});
      throw error;
    }
  }
  await next;
}
