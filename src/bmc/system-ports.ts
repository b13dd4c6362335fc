/** The real ports: the system's clock and sockets. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as startTimer } from 'node:timers';
import type { Clock, RandomBytes, UdpChannel, UdpEndpoint, UdpHandlers, UdpTransport } from './ports.ts';

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, callback) {
      const timer = startTimer(callback, ms);
      return () => clearTimeout(timer);
    },
  };
}

const randomPoolLength = 4096;

/** Fetched from the system a few kilobytes at a time, and each given out once: a request needs little, and often. */
export function createRandomBytes(): RandomBytes {
  let pool = Buffer.alloc(0);
  return (length) => {
    if (length > pool.length) pool = randomBytes(Math.max(length, randomPoolLength));
    const given = pool.subarray(0, length);
    pool = pool.subarray(length);
    return given;
  };
}

/** One connected socket per endpoint, so that the kernel drops strangers' packets and reports a closed port. */
export function createUdpTransport(): UdpTransport {
  return { open };
}

async function open(endpoint: UdpEndpoint, handlers: UdpHandlers): Promise<UdpChannel> {
  const { address, family } = await resolve(endpoint.address);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.on('error', (error) => handlers.onError(error));
  socket.on('message', (packet) => handlers.onMessage(packet));
  try {
    await new Promise<void>((connected, failed) => {
      socket.once('error', failed);
      // SO_BROADCAST has to be set before Linux lets a socket connect to a broadcast address, and needs a bound socket.
      socket.bind(0, () => {
        if (endpoint.broadcast) socket.setBroadcast(true);
        socket.once('connect', () => {
          socket.off('error', failed);
          connected();
        });
        // Without a callback: that would be called for a failure too (no route), as if it had connected.
        socket.connect(endpoint.port, address);
      });
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  let closed = false;
  return {
    send: (packet) =>
      new Promise((sent, failed) => {
        if (closed) {
          failed(new Error('the socket is closed'));
          return;
        }
        socket.send(packet, (error) => (error ? failed(error) : sent()));
      }),
    close() {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
}

async function resolve(name: string): Promise<{ address: string; family: number }> {
  const family = isIP(name);
  return family === 0 ? lookup(name) : { address: name, family };
}
