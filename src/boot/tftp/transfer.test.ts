import { EventEmitter } from 'node:events';
import type { Socket } from 'node:dgram';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTftpPacket, encodeTftpPacket } from '../../protocols/tftp/index.ts';
import type { TftpPacket } from '../../protocols/tftp/index.ts';
import { memoryReader } from './content.ts';
import { runTransfer } from './transfer.ts';

const address = { address: '10.0.0.2', port: 2_000 };

/**
 * A client of RFC 1350 and RFC 7440 at the other end of a wire that loses what `lost` says. Nothing waits: a timer of the
 * server rings once all packets have arrived, and with it the client repeats its last acknowledgement.
 */
function lossyClient(blockSize: number, windowSize: number, lost: () => boolean) {
  const wire = new EventEmitter();
  const received: Uint8Array[] = [];
  let last = 0;
  let inWindow = 0;
  let finished = false;
  const toServer = (packet: TftpPacket) => {
    if (!lost()) queueMicrotask(() => wire.emit('message', encodeTftpPacket(packet), address));
  };
  const acknowledge = () => {
    inWindow = 0;
    toServer({ type: 'acknowledgement', block: last & 0xffff });
  };
  const hear = (packet: TftpPacket | undefined): void => {
    if (packet?.type === 'option-acknowledgement') return acknowledge();
    if (packet?.type !== 'data') return;
    if (packet.block !== ((last + 1) & 0xffff)) return acknowledge();
    received.push(Uint8Array.from(packet.data));
    last += 1;
    inWindow += 1;
    finished = packet.data.length < blockSize;
    if (finished || inWindow === windowSize) acknowledge();
  };
  const socket = Object.assign(wire, {
    send: (bytes: Uint8Array, _port: number, _address: string, sent: () => void) => {
      if (!lost()) queueMicrotask(() => hear(decodeTftpPacket(bytes)));
      sent();
    },
  });
  const clock = {
    now: () => 0,
    after: (_milliseconds: number, callback: () => void) => {
      const timer = setImmediate(() => {
        if (last > 0 && !lost()) acknowledge();
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
  return {
    socket: socket as unknown as Socket,
    clock,
    content: () => Buffer.concat(received),
    finished: () => finished,
  };
}

test('whatever is lost or repeated on the way, what arrives is the file, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 8, max: 40 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }),
      async (file, blockSize, windowSize, options, losses) => {
        let packet = 0;
        const lost = () => packet < losses.length && losses[packet++] === true;
        const client = lossyClient(blockSize, windowSize, lost);
        const result = await runTransfer({
          socket: client.socket,
          client: address,
          reader: memoryReader(file),
          size: file.length,
          negotiated: { blockSize, windowSize, acknowledged: options ? [['blksize', String(blockSize)]] : [] },
          clock: client.clock,
          patience: 1_000,
          signal: new AbortController().signal,
        });
        expect(result).toEqual({ outcome: 'done', bytes: file.length });
        expect(client.finished()).toBe(true);
        expect(client.content().equals(file)).toBe(true);
      },
    ),
  );
});
