/** TLS listeners, on TCP and on unix sockets, that all hand their requests to the same handler. */
import { chmod, unlink } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, isIPv6 } from 'node:net';
import { AthanorError } from '../errors/index.ts';
import type { Certificate } from './certificate.ts';
import { isUpgrade, routeUpgrade } from './upgrades.ts';

/** Where to listen: `port` 0 lets the system choose. */
export type ListenAddress = { host: string; port: number } | { path: string };

export interface Listener {
  /** As a client writes it: `https://127.0.0.1:8443` or `unix:/run/athanor/api.sock`. */
  url: string;
  close(): Promise<void>;
}

/** The longest path a unix socket can have (sockaddr_un, unix(7)), without the closing zero. */
export const longestSocketPath = 107;

export async function listen(
  address: ListenAddress,
  certificate: Certificate,
  handler: RequestListener,
): Promise<Listener> {
  const server = createServer(
    {
      cert: certificate.certificate,
      key: certificate.key,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 16 * 1024,
      handshakeTimeout: 10_000,
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 30_000,
      shouldUpgradeCallback: isUpgrade,
    },
    handler,
  );
  server.on('upgrade', (request, _, head) => routeUpgrade(request, head, handler));
  server.maxConnections = 1024;
  if ('path' in address) await listenOnPath(server, address.path);
  else await started(server, address);
  return { url: urlOf(server, address), close: () => closed(server) };
}

async function listenOnPath(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new AthanorError('invalid-configuration', `A unix socket's path has at most ${longestSocketPath} bytes.`, {
      field: 'api.listen',
      value: path,
      remedy: 'Choose a shorter path, for example under /run.',
    });
  }
  try {
    await started(server, { path });
  } catch (error) {
    if (!(error instanceof AthanorError && error.code === 'address-in-use')) throw error;
    // A server that was killed leaves its socket behind; only one that nobody answers on is removed.
    if (await isAnswered(path)) throw error;
    await unlink(path);
    await started(server, { path });
  }
  await chmod(path, 0o660);
}

async function started(server: Server, address: ListenAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(listenError(error, address));
    server.once('error', fail);
    server.listen(address, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, address: ListenAddress): AthanorError {
  const value = 'path' in address ? `unix:${address.path}` : `${address.host}:${address.port}`;
  const context = { field: 'api.listen', value, cause: error };
  if (error.code === 'EADDRINUSE') {
    return new AthanorError('address-in-use', `Another program listens on ${value} already.`, context);
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new AthanorError('permission', `Listening on ${value} is not permitted.`, context);
  }
  return new AthanorError('invalid-configuration', `Listening on ${value} failed: ${error.message}.`, {
    ...context,
    remedy: 'Listen on an address this host has, or on a path in a folder that exists.',
  });
}

async function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: 2000 });
    const answer = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(true));
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code !== 'ECONNREFUSED'));
  });
}

function urlOf(server: Server, address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return `https://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${port}`;
}

/** Requests under way may finish for a little while; then connections are cut. */
async function closed(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), 5000);
  cut.unref();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
