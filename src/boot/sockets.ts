/**
 * What Node's sockets cannot do, by a few libc calls (Linux, glibc or musl): sockets bound to one network interface,
 * Router Advertisements from a raw socket, hardware addresses, and forgetting an ARP entry. Everything else stays with
 * node:dgram and node:net, which adopt the descriptors made here. The structures below are written by hand:
 *
 * | structure    | layout                                                                                     |
 * |--------------|--------------------------------------------------------------------------------------------|
 * | sockaddr_in  | family (2, host order), port (2, network order), address (4), zero (8)                     |
 * | sockaddr_in6 | family (2), port (2), flow info (4), address (16), scope id (4, host order)                |
 * | ifreq        | name (16), here a sockaddr: family (2), hardware address (14); 40 in all                  |
 * | arpreq       | protocol sockaddr (16), hardware sockaddr (16), flags (4), netmask sockaddr (16), dev (16) |
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { endianness } from 'node:os';
import koffi from 'koffi';
import { neighbourDiscoveryHopLimit } from '../protocols/icmpv6/index.ts';
import { AthanorError } from '../errors/index.ts';
import { asSocketError, missingInterface, systemCallError } from './socket-errors.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;
const IPV6_MULTICAST_HOPS = 18;
const SIOCDARP = 0x8953;
const SIOCGIFHWADDR = 0x8927;
const ARPHRD_ETHER = 1;
/** IFNAMSIZ: names are shorter than this, as one byte ends them. */
const interfaceNameSize = 16;

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  sendto(fd: number, data: Uint8Array, length: number, flags: number, to: Uint8Array, toLength: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  close(fd: number): number;
  ifIndex(name: string): number;
  describe(errno: number): string;
}

let loaded: Libc | undefined;

/** libc, loaded when first needed, so that importing this file works everywhere. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  if (process.platform !== 'linux') {
    throw new AthanorError('unsupported', `sockets bound to an interface need Linux, not ${process.platform}`, {
      remedy: 'Run the boot services on Linux.',
    });
  }
  const library = koffi.load(null);
  loaded = {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
    bind: library.func('int bind(int, const uint8_t *, uint32_t)'),
    sendto: library.func('long sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)'),
    ioctl: library.func('int ioctl(int, unsigned long, uint8_t *)'),
    close: library.func('int close(int)'),
    ifIndex: library.func('unsigned int if_nametoindex(const char *)'),
    describe: library.func('const char *strerror(int)'),
  };
  return loaded;
}

export interface BoundTo {
  /** IPv4 address to bind to; `0.0.0.0` for all of the interface's, and for broadcasts. */
  address: string;
  /** 0 for any free port. */
  port: number;
  /** Hear and answer on this interface alone; left out, on all of them. */
  interface?: string;
}

/**
 * A bound IPv4 datagram socket that may broadcast and shares its port (SO_REUSEADDR). With `interface` the kernel hands
 * it nothing from elsewhere and sends its packets nowhere else.
 */
export async function openUdpSocket(where: BoundTo): Promise<Socket> {
  if (where.interface === undefined) {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const listening = once(socket, 'listening');
    socket.bind(where.port, where.address);
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw asSocketError(error, where);
    }
    socket.setBroadcast(true);
    return socket;
  }
  const fd = boundDescriptor(SOCK_DGRAM, where, where.interface);
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  try {
    socket.bind({ fd, exclusive: true });
    await listening;
  } catch (error) {
    libc().close(fd);
    throw asSocketError(error, where);
  }
  return socket;
}

/** Let a TCP or HTTP server listen on one interface alone. */
export async function listenOnInterface(server: Server, where: BoundTo & { interface: string }): Promise<void> {
  const fd = boundDescriptor(SOCK_STREAM, where, where.interface);
  const listening = once(server, 'listening');
  try {
    server.listen({ fd });
    await listening;
  } catch (error) {
    libc().close(fd);
    throw asSocketError(error, where);
  }
}

/** Sends ICMPv6 to a multicast address of one link. */
export interface LinkSender {
  send(message: Uint8Array): void;
  close(): void;
}

/**
 * A raw ICMPv6 socket on one interface that sends to a link's multicast address (16 bytes, e.g. all nodes ff02::1) with
 * hop limit 255 from the interface's link-local address; the kernel fills in the checksum (RFC 3542, section 3.1).
 */
export function openIcmpv6Sender(interfaceName: string, destination: Uint8Array): LinkSender {
  const calls = libc();
  const fd = succeeded(calls.socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), 'socket', interfaceName);
  const to = new Uint8Array(28);
  try {
    bindToDevice(fd, interfaceName);
    const hops = hostInt(neighbourDiscoveryHopLimit);
    succeeded(calls.setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, hops.length), 'setsockopt', interfaceName);
    to.set(hostShort(AF_INET6), 0);
    to.set(destination.subarray(0, 16), 8);
    to.set(hostInt(calls.ifIndex(interfaceName)), 24);
  } catch (error) {
    calls.close(fd);
    throw error;
  }
  let open = true;
  return {
    send: (message) => {
      if (!open) return;
      succeeded(calls.sendto(fd, message, message.length, 0, to, to.length), 'sendto', interfaceName);
    },
    close: () => {
      if (open) calls.close(fd);
      open = false;
    },
  };
}

/**
 * Make the kernel forget what it knows of an IPv4 neighbour (SIOCDARP), so that the next packet asks the link again.
 * Returns false where the kernel knew nothing of it.
 */
export function forgetNeighbour(interfaceName: string, address: string): boolean {
  return withControlSocket(interfaceName, (fd) => {
    const request = new Uint8Array(68);
    request.set(socketAddress(address, 0), 0);
    request.set(Buffer.from(checkedName(interfaceName), 'latin1'), 52);
    if (libc().ioctl(fd, SIOCDARP, request) === 0) return true;
    if (koffi.errno() === koffi.os.errno['ENXIO']) return false;
    throw failure('ioctl SIOCDARP', interfaceName);
  });
}

/** The hardware address of an interface, `aa:bb:cc:dd:ee:ff`, or undefined for one without (SIOCGIFHWADDR). */
export function interfaceMac(interfaceName: string): string | undefined {
  return withControlSocket(interfaceName, (fd) => {
    const request = new Uint8Array(40);
    request.set(Buffer.from(checkedName(interfaceName), 'latin1'), 0);
    succeeded(libc().ioctl(fd, SIOCGIFHWADDR, request), 'ioctl SIOCGIFHWADDR', interfaceName);
    const [low = 0, high = 0] = request.subarray(16, 18);
    const ethernet = hostShort(ARPHRD_ETHER).every((byte, index) => byte === [low, high][index]);
    const bytes = Array.from(request.subarray(18, 24), (byte) => byte.toString(16).padStart(2, '0'));
    return ethernet ? bytes.join(':') : undefined;
  });
}

/** ioctl() asks about interfaces on any socket. */
function withControlSocket<T>(interfaceName: string, use: (fd: number) => T): T {
  const fd = succeeded(libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', interfaceName);
  try {
    return use(fd);
  } finally {
    libc().close(fd);
  }
}

/** A socket bound first to the device, then to the address: in the other order it would hear other interfaces between. */
function boundDescriptor(type: number, where: BoundTo, interfaceName: string): number {
  const calls = libc();
  const fd = succeeded(calls.socket(AF_INET, type | SOCK_CLOEXEC, 0), 'socket', interfaceName);
  try {
    bindToDevice(fd, interfaceName);
    for (const name of type === SOCK_DGRAM ? [SO_REUSEADDR, SO_BROADCAST] : [SO_REUSEADDR]) {
      const on = hostInt(1);
      succeeded(calls.setsockopt(fd, SOL_SOCKET, name, on, on.length), 'setsockopt', interfaceName);
    }
    const address = socketAddress(where.address, where.port);
    succeeded(calls.bind(fd, address, address.length), 'bind', interfaceName, where);
  } catch (error) {
    calls.close(fd);
    throw error;
  }
  return fd;
}

function bindToDevice(fd: number, interfaceName: string): void {
  const name = Buffer.from(`${checkedName(interfaceName)}\0`, 'latin1');
  const result = libc().setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length);
  succeeded(result, 'setsockopt SO_BINDTODEVICE', interfaceName);
}

function checkedName(interfaceName: string): string {
  const length = Buffer.byteLength(interfaceName, 'latin1');
  if (length > 0 && length < interfaceNameSize && !interfaceName.includes('\0')) return interfaceName;
  throw missingInterface(interfaceName, `no network interface can be named "${interfaceName}"`);
}

function socketAddress(address: string, port: number): Uint8Array {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new AthanorError('invalid-configuration', `"${address}" is not an IPv4 address`, {
      field: 'address',
      value: address,
      remedy: 'Write four numbers from 0 to 255 with dots between them.',
    });
  }
  const bytes = new Uint8Array(16);
  bytes.set(hostShort(AF_INET), 0);
  bytes.set([port >> 8, port & 255, ...parts], 2);
  return bytes;
}

function hostInt(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  if (endianness() === 'LE') bytes.writeInt32LE(value);
  else bytes.writeInt32BE(value);
  return bytes;
}

function hostShort(value: number): Uint8Array {
  return endianness() === 'LE' ? Uint8Array.of(value & 255, value >> 8) : Uint8Array.of(value >> 8, value & 255);
}

/** The result of a call that answers -1 and sets errno when it fails. */
function succeeded(result: number, call: string, interfaceName: string, where?: BoundTo): number {
  if (result >= 0) return result;
  throw failure(call, interfaceName, where);
}

/** The error that errno tells of. Nothing may call libc between the failed call and this. */
function failure(call: string, interfaceName: string, where?: BoundTo): AthanorError {
  const errno = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return systemCallError({ call, errno: name, description: libc().describe(errno), interface: interfaceName, where });
}
