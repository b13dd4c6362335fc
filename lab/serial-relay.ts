/**
 * A server's serial cable. QEMU comes and goes with the power; the BMC's end stays connected, so that serial over LAN
 * survives a power cycle. Everything the server says is kept with its time of arrival and written to a log file.
 */
import { EventEmitter } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { listen, closeServer } from './listen.ts';
import type { SerialMatch, WaitForSerialOptions } from './machine.ts';

/** 115200 baud, ten bits a byte. ipmi_sim loses what comes in faster bursts than it can send on. */
const bytesPerSecond = 11_520;
const tickMs = 20;
/** What waits for the BMC at most; older output is dropped first, as a real UART would overrun. */
const queueLimit = 1 << 20;

export interface SerialRelay {
  /** The TCP port on the lab link that ipmi_sim connects to. */
  readonly port: number;
  text: () => string;
  length: () => number;
  waitFor: (pattern: RegExp, options: WaitForSerialOptions) => Promise<SerialMatch>;
  close: () => Promise<void>;
}

export async function startSerialRelay(options: {
  socket: string;
  address: string;
  logFile: string;
}): Promise<SerialRelay> {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const arrivals: Array<{ end: number; time: number }> = [];
  const news = new EventEmitter();
  news.setMaxListeners(0);
  const ended = new AbortController();
  let text = '';
  let server: Socket | undefined;
  let bmc: Socket | undefined;

  let queue = Buffer.alloc(0);
  let pace: NodeJS.Timeout | undefined;
  const forward = (bytes: Buffer): void => {
    if (bmc === undefined) return;
    queue = Buffer.concat([queue, bytes]);
    if (queue.length > queueLimit) queue = queue.subarray(queue.length - queueLimit);
    pace ??= setInterval(() => {
      const share = Math.floor((bytesPerSecond * tickMs) / 1000);
      // A stopped BMC reads nothing: keep the bytes here, bounded, and not in the socket's own queue.
      if (bmc !== undefined && bmc.writableLength < share * 10) {
        bmc.write(queue.subarray(0, share));
        queue = queue.subarray(share);
      }
      if (queue.length === 0 || bmc === undefined) {
        clearInterval(pace);
        pace = undefined;
      }
    }, tickMs);
  };

  const serverSide = createServer((socket) => {
    server = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (server === socket) server = undefined;
    });
    socket.on('data', (bytes) => {
      // One character per byte, so that offsets in the text are offsets in the log file.
      text += bytes.toString('latin1');
      arrivals.push({ end: text.length, time: Date.now() });
      log.write(bytes);
      forward(bytes);
      news.emit('data');
    });
  });
  const bmcSide = createServer((socket) => {
    bmc?.destroy();
    bmc = socket;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (bmc !== socket) return;
      bmc = undefined;
      queue = Buffer.alloc(0);
    });
    socket.on('data', (bytes) => server?.write(bytes));
  });
  await listen(serverSide, { path: options.socket });
  await listen(bmcSide, { host: options.address, port: 0 });

  const find = (pattern: RegExp, from: number): SerialMatch | undefined => {
    const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(text.slice(from));
    if (match === null) return undefined;
    const end = from + match.index + match[0].length;
    return { text: match[0], end, time: arrivals.find((arrival) => arrival.end >= end)?.time ?? Date.now() };
  };

  return {
    port: portOf(bmcSide),
    text: () => text,
    length: () => text.length,
    waitFor: (pattern, { timeoutMs, signal, from = 0 }) =>
      new Promise((resolve, reject) => {
        const stop = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
        const settle = (): void => {
          clearTimeout(deadline);
          news.off('data', look);
          stop.removeEventListener('abort', abort);
        };
        const look = (): void => {
          const match = find(pattern, from);
          if (match === undefined) return;
          settle();
          resolve(match);
        };
        const abort = (): void => {
          settle();
          reject(stop.reason instanceof Error ? stop.reason : new Error('aborted'));
        };
        const deadline = setTimeout(() => {
          settle();
          const last = JSON.stringify(text.slice(from).slice(-400));
          reject(new Error(`no ${String(pattern)} on the serial console within ${timeoutMs} ms; it ends with ${last}`));
        }, timeoutMs);
        news.on('data', look);
        if (stop.aborted) abort();
        else {
          stop.addEventListener('abort', abort);
          look();
        }
      }),
    close: async () => {
      ended.abort(new Error('the rack was taken apart'));
      clearInterval(pace);
      server?.destroy();
      bmc?.destroy();
      await Promise.all([closeServer(serverSide), closeServer(bmcSide)]);
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the serial relay has no TCP port');
  return address.port;
}
