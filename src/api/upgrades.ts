/**
 * HTTP/1.1 upgrades (RFC 9110 section 7.8), brought through the same routing as every other request: the token, the limit of
 * failures, the validation and the problem documents are theirs too, and only a route's handler switches protocols.
 */
import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { consoleProtocol } from './console-frames.ts';

/** Every other `Upgrade` is left unanswered, which the RFC allows: the request is served as if it had none. */
export function isUpgrade(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade === consoleProtocol;
}

const upgrades = new WeakMap<IncomingMessage, Socket>();

/** For a server's `upgrade` event: node hands the connection out, and looks after it no more. */
export function routeUpgrade(request: IncomingMessage, head: Uint8Array, handler: RequestListener): void {
  const { socket } = request;
  // `close` follows, and tells.
  socket.on('error', () => undefined);
  // Whoever speaks the new protocol before it was agreed is not heard.
  if (head.length > 0) {
    socket.destroy();
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket);
  } catch {
    // A request before this one, on the same connection, is not answered yet.
    socket.destroy();
    return;
  }
  response.once('finish', () => {
    response.detachSocket(socket);
    if (response.statusCode !== 101) socket.destroySoon();
  });
  upgrades.set(request, socket);
  handler(request, response);
}

/** The connection of a request that asked for another protocol; undefined when it did not. */
export function upgradedConnection(request: IncomingMessage): Socket | undefined {
  return upgrades.get(request);
}

/** The answer 101; from here on the connection speaks the protocol. */
export function switchProtocols(response: ServerResponse): void {
  response.writeHead(101, { connection: 'Upgrade', upgrade: consoleProtocol });
  response.end();
}
