/**
 * TLS to one server whose certificate was seen at login. No authority is asked: the certificate is the pinned one or the
 * connection is refused, before a byte of a request (and so the token) is sent.
 */
import { isIP } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { certificateFingerprint } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';

export interface ServerAddress {
  /** As the person wrote it, and as the login file keeps it. */
  text: string;
  /** What requests are sent to; of a unix socket the host is only a name. */
  origin: string;
  connect: { path: string } | { host: string; port: number };
}

export const defaultPort = 8443;

/** `https://host:port`, `host:port`, `host` or `unix:/path`. */
export function parseServer(text: string): ServerAddress {
  const wrong = (what: string): AthanorError =>
    new AthanorError('invalid-input', `"${text}" ${what}.`, {
      field: 'SERVER',
      value: text,
      remedy: 'Write https://HOST:PORT or unix:/PATH.',
    });
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (!path.startsWith('/')) throw wrong('does not name an absolute path');
    return { text, origin: 'https://localhost', connect: { path } };
  }
  if (text.startsWith('http:')) throw wrong('would send the token in clear');
  const full = text.startsWith('https://') ? text : `https://${text}`;
  if (!URL.canParse(full)) throw wrong('is not a server');
  const url = new URL(full);
  if (url.username !== '' || url.password !== '') {
    throw new AthanorError('invalid-input', 'The server must not hold a user or a password.', { field: 'SERVER' });
  }
  if (url.pathname !== '/' || url.search !== '') throw wrong('holds more than a host and a port');
  const port = url.port === '' ? (/:443\/?$/.test(full) ? 443 : defaultPort) : Number(url.port);
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  return {
    text: `https://${url.hostname}:${port}`,
    origin: `https://${url.hostname}:${port}`,
    connect: { host, port },
  };
}

/** undici's connector that lets only the pinned certificate through. */
export function pinnedConnector(server: ServerAddress, fingerprint: string): buildConnector.connector {
  return (_, callback) => {
    openPinned(server, fingerprint).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

/** A connection to the server whose certificate is pinned, and to no other. */
export async function openPinned(server: ServerAddress, fingerprint: string): Promise<TLSSocket> {
  const { socket, fingerprint: shown } = await openTls(server);
  if (shown === fingerprint) return socket;
  socket.destroy();
  throw mismatch(server, fingerprint, shown);
}

function mismatch(server: ServerAddress, pinned: string, shown: string): AthanorError {
  const message = `${server.text} shows the certificate ${shown.slice(0, 16)}…, at login it was ${pinned.slice(0, 16)}….`;
  return new AthanorError('certificate-mismatch', message, { field: 'certificate', value: shown });
}

/** The SHA-256 of the certificate a server shows now, to be confirmed by a person. */
export async function fetchFingerprint(server: ServerAddress): Promise<string> {
  const { socket, fingerprint } = await openTls(server);
  socket.destroy();
  return fingerprint;
}

const handshakeTimeoutMs = 10_000;

async function openTls(server: ServerAddress): Promise<{ socket: TLSSocket; fingerprint: string }> {
  const { connect } = server;
  const options: ConnectionOptions = {
    ...connect,
    // The pin decides, not an authority: see openPinned, which hands out no socket before it has compared.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    ...('host' in connect && isIP(connect.host) === 0 ? { servername: connect.host } : {}),
  };
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(options);
    const fail = (why: string, cause?: Error): void => {
      socket.destroy();
      reject(new AthanorError('unreachable', `${server.text} cannot be reached: ${why}.`, { cause }));
    };
    const timer = setTimeout(() => fail(`no answer within ${handshakeTimeoutMs / 1000} s`), handshakeTimeoutMs);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code ?? error.message, error);
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) fail('it shows no certificate');
      else resolve({ socket, fingerprint: certificateFingerprint(certificate.raw) });
    });
  });
}
