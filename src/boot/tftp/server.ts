import type { Socket } from 'node:dgram';
import { decodeTftpPacket, encodeNetascii, encodeTftpPacket, negotiateTransfer } from '../../protocols/tftp/index.ts';
import { tftpErrorCodes } from '../../protocols/tftp/index.ts';
import type { TftpRequest } from '../../protocols/tftp/index.ts';
import type { BootClock, BootLogger, OpenDatagramSocket } from '../boot-ports.ts';
import { memoryReader } from './content.ts';
import type { TftpContent, TftpRead, TftpReader } from './content.ts';
import { normaliseTftpPath } from './path.ts';
import { runTransfer } from './transfer.ts';
import type { TftpReport } from './transfer.ts';

export interface TftpLimits {
  /** Largest block granted: 1468 fills an Ethernet frame without fragments. */
  maximumBlockSize: number;
  maximumWindowSize: number;
  /** Transfers under way at once, for one client address and in all. */
  transfersPerClient: number;
  transfers: number;
  /** A client that is silent for this many of the longest waits (4 s, or twice what it asked for) is gone. */
  patience: number;
  /** A transfer that takes longer is ended. */
  transferMilliseconds: number;
  /** Text converted to netascii is held in memory; a larger file is refused in that mode. */
  netasciiBytes: number;
}

const defaultLimits: TftpLimits = {
  maximumBlockSize: 1468,
  maximumWindowSize: 64,
  transfersPerClient: 8,
  transfers: 512,
  patience: 6,
  transferMilliseconds: 30 * 60_000,
  netasciiBytes: 1024 * 1024,
};

export interface TftpServerOptions {
  /** The address to listen on and to send from. */
  address: string;
  /** 69 unless told; 0 takes a free one. */
  port?: number;
  /** The interface to hear and answer on alone. */
  interface?: string;
  openSocket: OpenDatagramSocket;
  read: TftpRead;
  clock: BootClock;
  logger: BootLogger;
  limits?: Partial<TftpLimits>;
  /** Told of the end of every request that named a file. */
  onTransfer?: (report: TftpReport) => void;
}

export interface TftpServer {
  readonly port: number;
  /** Transfers under way. */
  active(): number;
  /** Stops listening, ends every transfer and waits for their sockets to close. */
  close(): Promise<void>;
}

interface Client {
  address: string;
  port: number;
}

interface Running {
  clientAddress: string;
  request: Buffer;
  abort: AbortController;
  startedAt: number;
}

/** A request repeated this soon is the client's retransmission, not a new start. */
const repeatMilliseconds = 15_000;

async function openContent(content: TftpContent, request: TftpRequest, limits: TftpLimits) {
  const file = content instanceof Uint8Array ? undefined : content;
  const size = content instanceof Uint8Array ? content.length : content.size;
  const reader: TftpReader = content instanceof Uint8Array ? memoryReader(content) : await content.open();
  if (request.mode !== 'netascii') return { size, reader };
  try {
    if (size > limits.netasciiBytes) throw new Error(`a file of ${size} bytes is served in octet mode only`);
    const text = Buffer.alloc(size);
    if ((await reader.read(text, 0)) !== size) throw new Error('the file became shorter');
    const encoded = encodeNetascii(text);
    return { size: encoded.length, reader: memoryReader(encoded) };
  } finally {
    await (file === undefined ? undefined : reader.close());
  }
}

/** Starts a read-only TFTP server; resolves once it listens. Each transfer answers from a port of its own (RFC 1350 §4). */
export async function createTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const { address, read, clock, logger } = options;
  const limits: TftpLimits = { ...defaultLimits, ...options.limits };
  const where = options.interface === undefined ? { address } : { address, interface: options.interface };
  const socket = await options.openSocket({ ...where, port: options.port ?? 69 });
  /** The newest transfer of each client's port. */
  const running = new Map<string, Running>();
  const unfinished = new Set<Promise<void>>();
  let closed = false;

  const refuse = (client: Client, code: number, message: string): void => {
    if (closed) return;
    socket.send(encodeTftpPacket({ type: 'error', code, message }), client.port, client.address, () => {});
  };

  const report = (result: TftpReport): void => {
    const level = result.outcome === 'done' || result.outcome === 'refused' ? 'debug' : 'warn';
    logger[level]({ ...result }, 'TFTP transfer ended');
    options.onTransfer?.(result);
  };

  const serve = async (request: TftpRequest, client: Client, signal: AbortSignal): Promise<void> => {
    const path = normaliseTftpPath(request.fileName);
    const content = path === undefined ? undefined : await read(path, client.address);
    if (path === undefined || content === undefined) {
      logger.debug({ path: request.fileName.slice(0, 255), clientAddress: client.address }, 'TFTP file not found');
      refuse(client, tftpErrorCodes.fileNotFound, 'File not found');
      return;
    }
    const { size, reader } = await openContent(content, request, limits);
    let own: Socket | undefined;
    try {
      own = await options.openSocket({ ...where, port: 0 });
      const negotiated = negotiateTransfer(request, size, limits);
      const { patience } = limits;
      const result = await runTransfer({ socket: own, client, reader, size, negotiated, clock, patience, signal });
      report({ path, clientAddress: client.address, ...result });
    } finally {
      if (own !== undefined) await closeSocket(own);
      await reader.close();
    }
  };

  const start = (key: string, datagram: Buffer, request: TftpRequest, client: Client): void => {
    const abort = new AbortController();
    const overdue = clock.after(limits.transferMilliseconds, () => abort.abort(new Error('it took too long')));
    const ended = serve(request, client, abort.signal)
      .catch((error: unknown) => {
        logger.error({ error, path: request.fileName.slice(0, 255) }, 'TFTP request failed');
        refuse(client, tftpErrorCodes.notDefined, 'The server could not read the file');
      })
      .finally(() => {
        overdue();
        if (running.get(key)?.abort === abort) running.delete(key);
        unfinished.delete(ended);
      });
    unfinished.add(ended);
    running.set(key, { clientAddress: client.address, request: datagram, abort, startedAt: clock.now() });
  };

  socket.on('message', (datagram, from) => {
    const client = { address: from.address, port: from.port };
    const packet = decodeTftpPacket(datagram);
    if (packet === undefined || packet.type === 'error') return;
    if (packet.type === 'write-request')
      return refuse(client, tftpErrorCodes.accessViolation, 'This server is read-only');
    if (packet.type !== 'read-request') return refuse(client, tftpErrorCodes.illegalOperation, 'Not a request');
    const key = `${client.address}:${client.port}`;
    const earlier = running.get(key);
    if (earlier !== undefined) {
      const repeated = earlier.request.equals(datagram) && clock.now() - earlier.startedAt < repeatMilliseconds;
      // The first answer is sent again by its own timer; answering here too would double every packet that follows.
      if (repeated) return;
      earlier.abort.abort(new Error('the client asked anew'));
    }
    let mine = 0;
    for (const transfer of running.values()) if (transfer.clientAddress === client.address) mine += 1;
    if (mine >= limits.transfersPerClient || running.size >= limits.transfers) {
      logger.warn({ clientAddress: client.address, mine, all: running.size }, 'TFTP request refused: too many at once');
      return refuse(client, tftpErrorCodes.notDefined, 'Too many transfers at once');
    }
    start(key, datagram, packet, client);
  });
  socket.on('error', (error) => logger.error({ error }, 'TFTP socket failed'));

  return {
    port: socket.address().port,
    active: () => running.size,
    close: async () => {
      if (closed) return;
      closed = true;
      await closeSocket(socket);
      for (const transfer of running.values()) transfer.abort.abort(new Error('the server stops'));
      await Promise.all(unfinished);
    },
  };
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
