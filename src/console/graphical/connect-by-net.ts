import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConsoleAddress } from './console.ts';

/** Opens a byte stream to a console; when the signal aborts it lets go and rejects. */
export type ConnectStream = (address: ConsoleAddress, signal: AbortSignal) => Promise<Duplex>;

/** Connects by TCP or a unix socket. */
export const connectByNet: ConnectStream = async (address, signal) => {
  signal.throwIfAborted();
  const socket = 'path' in address ? connectSocket(address.path) : connectSocket(address.port, address.host);
  socket.setNoDelay(true);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    // What still comes from a socket given up is nobody's business.
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  }
};
