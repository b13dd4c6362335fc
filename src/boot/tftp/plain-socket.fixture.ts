import { createSocket } from 'node:dgram';
import type { OpenDatagramSocket } from '../boot-ports.ts';

/** A datagram socket as Node makes it, without an interface: enough on loopback. */
export const openPlainSocket: OpenDatagramSocket = ({ address, port }) =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });

export const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
