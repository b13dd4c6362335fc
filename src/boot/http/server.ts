import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { AthanorError } from '../../errors/index.ts';
import type { BootLogger } from '../boot-ports.ts';
import { notModified, rangeOf, validatorsOf } from './conditions.ts';
import { mediaTypeOf } from './media-types.ts';
import { parseTarget } from './message.ts';
import type { BootHttpFile, BootHttpRequest, RespondToBootHttp } from './message.ts';
import { sendFile } from './send-file.ts';

export interface BootHttpLimits {
  /** A longer request body is refused with 413. */
  bodyBytes: number;
  /** Time for a request's headers, and for a whole request, to arrive. */
  headersMilliseconds: number;
  requestMilliseconds: number;
  /** A connection on which nothing moves is dropped. */
  idleMilliseconds: number;
  /** Connections beyond this are not accepted. */
  connections: number;
}

const defaultLimits: BootHttpLimits = {
  bodyBytes: 1024 * 1024,
  headersMilliseconds: 15_000,
  requestMilliseconds: 60_000,
  idleMilliseconds: 120_000,
  connections: 4_096,
};

export interface BootHttpServerOptions {
  /** The served address; nothing is heard on any other. */
  address: string;
  /** 80 unless told; 0 takes a free one. */
  port?: number;
  /** Makes the server listen, e.g. on one interface alone; on the address alone when left out. */
  listen?: (server: Server, where: { address: string; port: number }) => Promise<void>;
  respond: RespondToBootHttp;
  logger: BootLogger;
  limits?: Partial<BootHttpLimits>;
}

export interface BootHttpServer {
  readonly port: number;
  /** Stops listening, drops every connection, resolves when all are gone. */
  close(): Promise<void>;
}

type Headers = Record<string, string>;

function sendBytes(response: ServerResponse, head: boolean, status: number, headers: Headers, body: Uint8Array): void {
  const length = status === 304 || status === 204 ? {} : { 'content-length': String(body.length) };
  response.writeHead(status, { 'content-type': 'application/octet-stream', ...headers, ...length });
  response.end(head || status === 304 || status === 204 ? undefined : body);
}

function sendText(response: ServerResponse, head: boolean, status: number, text: string, headers: Headers = {}): void {
  sendBytes(response, head, status, { 'content-type': 'text/plain; charset=utf-8', ...headers }, Buffer.from(text));
}

/** The body, or `too-long` as soon as that is known. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too-long'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return 'too-long';
  const parts: Buffer[] = [];
  let length = 0;
  // Leaving the loop must not destroy the request: the refusal still has to travel over its socket.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    const bytes: unknown = part;
    if (!(bytes instanceof Buffer)) throw new TypeError('a request body without encoding yields buffers');
    length += bytes.length;
    if (length > limit) return 'too-long';
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

async function answerFile(request: BootHttpRequest, response: ServerResponse, answer: BootHttpFile): Promise<void> {
  const head = request.method === 'HEAD';
  const handle = await open(answer.file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (handle === undefined) return sendText(response, head, 404, 'Not found\n');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return sendText(response, head, 404, 'Not found\n');
    const status = answer.status ?? 200;
    const validators = validatorsOf(stat);
    const headers: Headers = {
      'content-type': answer.contentType ?? mediaTypeOf(answer.file),
      'accept-ranges': 'bytes',
      etag: validators.etag,
      'last-modified': validators.lastModified,
      ...answer.headers,
    };
    const plain = status === 200 && request.method !== 'POST';
    if (plain && notModified(request.headers, validators)) {
      return sendBytes(response, head, 304, headers, Buffer.alloc(0));
    }
    const range = plain && !head ? rangeOf(request.headers, stat.size, validators) : 'whole';
    if (range === 'unsatisfiable') {
      return sendText(response, head, 416, 'Range not satisfiable\n', { 'content-range': `bytes */${stat.size}` });
    }
    const start = range === 'whole' ? 0 : range.start;
    const length = range === 'whole' ? stat.size : range.end - range.start + 1;
    headers['content-length'] = String(length);
    if (range !== 'whole') headers['content-range'] = `bytes ${range.start}-${range.end}/${stat.size}`;
    response.writeHead(range === 'whole' ? status : 206, headers);
    if (head) return void response.end();
    await sendFile(response, handle, start, length);
    response.end();
    answer.onSent?.(length);
  } finally {
    await handle.close();
  }
}

function listenOnAddress(server: Server, where: { address: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'address-in-use' : error.code === 'EACCES' ? 'permission' : 'internal';
      reject(new AthanorError(code, `HTTP cannot listen on ${where.address}:${where.port}`, { cause: error }));
    });
    server.listen(where.port, where.address, resolve);
  });
}

/** Starts the server; resolves once it listens, rejects with `address-in-use` or `permission` where that is the cause. */
export async function createBootHttpServer(options: BootHttpServerOptions): Promise<BootHttpServer> {
  const { respond, logger } = options;
  const limits: BootHttpLimits = { ...defaultLimits, ...options.limits };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, headers } = incoming;
    const head = method === 'HEAD';
    if (method !== 'HEAD' && method !== 'GET' && method !== 'POST') {
      return sendText(response, false, 405, 'Method not allowed\n', { allow: 'GET, HEAD, POST', connection: 'close' });
    }
    const target = parseTarget(incoming.url ?? '');
    if (target === undefined) return sendText(response, head, 400, 'Bad request target\n', { connection: 'close' });
    const body = method === 'POST' ? await readBody(incoming, limits.bodyBytes) : undefined;
    if (body === 'too-long') {
      return sendText(response, head, 413, `The body is longer than ${limits.bodyBytes} bytes\n`, {
        connection: 'close',
      });
    }
    const remoteAddress = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const request: BootHttpRequest = {
      method,
      ...target,
      headers,
      remoteAddress,
      ...(body === undefined ? {} : { body }),
    };
    const answer = await respond(request);
    if ('file' in answer) return answerFile(request, response, answer);
    sendBytes(response, head, answer.status, answer.headers ?? {}, Buffer.from(answer.body));
  };

  const server = createServer(
    {
      headersTimeout: limits.headersMilliseconds,
      requestTimeout: limits.requestMilliseconds,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMilliseconds),
      keepAliveTimeout: 15_000,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
    },
    (incoming, response) => {
      handle(incoming, response).catch((error: unknown) => {
        const where = { error, url: incoming.url?.slice(0, 255), remoteAddress: incoming.socket.remoteAddress };
        if (incoming.destroyed || response.destroyed) logger.debug(where, 'HTTP client went away');
        else logger.error(where, 'HTTP request failed');
        if (response.headersSent) response.destroy();
        else sendText(response, incoming.method === 'HEAD', 500, 'The server failed\n', { connection: 'close' });
      });
    },
  );
  server.maxConnections = limits.connections;
  server.setTimeout(limits.idleMilliseconds);
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return;
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });

  await (options.listen ?? listenOnAddress)(server, { address: options.address, port: options.port ?? 80 });
  const where: string | AddressInfo | null = server.address();
  const port = typeof where === 'object' && where !== null ? where.port : (options.port ?? 80);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
