/** The machine's end of ipmi_sim's serial port, over TCP on loopback: what it received, and what it sends, at line speed. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface SerialMachine {
  port: number;
  /** Everything that arrived at the machine. */
  received(): Buffer;
  /** Resolves when that many bytes have arrived. */
  untilReceived(length: number): Promise<void>;
  /** Sends at 115200 baud: ipmi_sim loses what comes faster. */
  send(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const bytesPerSecond = 11_520;
const slice = 128;

export async function startSerialMachine(): Promise<SerialMachine> {
  const chunks: Buffer[] = [];
  let length = 0;
  const waiting = new Set<{ length: number; resolve: () => void }>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data: Buffer) => {
      chunks.push(data);
      length += data.length;
      for (const waiter of waiting) {
        if (waiter.length > length) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    received: () => Buffer.concat(chunks),
    untilReceived: (wanted) =>
      new Promise((resolve) => {
        if (length >= wanted) resolve();
        else waiting.add({ length: wanted, resolve });
      }),
    async send(bytes) {
      const start = performance.now();
      for (let sent = 0; sent < bytes.length; sent += slice) {
        for (const socket of sockets) socket.write(bytes.subarray(sent, sent + slice));
        const due = start + ((sent + slice) / bytesPerSecond) * 1000;
        await wait(Math.max(due - performance.now(), 0));
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
