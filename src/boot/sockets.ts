/**
 * What Node's sockets cannot do, by a few libc calls (Linux, glibc or musl): sockets bound to one network interface,
 * Router Advertisements from a raw socket, and forgetting an ARP entry. Everything else stays with node:dgram and
 * node:net, which adopt the descriptors made here. The structures below are written by hand:
 *
 * | structure    | layout                                                                                     |
 * |--------------|--------------------------------------------------------------------------------------------|
 * | sockaddr_in  | family (2, host order), port (2, network order), address (4), zero (8)                     |
 * | sockaddr_in6 | family (2), port (2), flow info (4), address (16), scope id (4, host order)                |
 * | arpreq       | protocol sockaddr (16), hardware sockaddr (16), flags (4), netmask sockaddr (16), dev (16) |
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { endianness, networkInterfaces } from 'node:os';
import koffi from 'koffi';
import { AthanorError, type ErrorCode } from '../errors/index.ts';

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
    const hops = hostInt(255);
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
  const calls = libc();
  const fd = succeeded(calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', interfaceName);
  try {
    const request = new Uint8Array(68);
    request.set(socketAddress(address, 0), 0);
    request.set(Buffer.from(checkedName(interfaceName), 'latin1'), 52);
    if (calls.ioctl(fd, SIOCDARP, request) === 0) return true;
    if (koffi.errno() === koffi.os.errno['ENXIO']) return false;
    throw failure('ioctl', koffi.errno(), interfaceName);
  } finally {
    calls.close(fd);
  }
}

/** The hardware address of an interface, `aa:bb:cc:dd:ee:ff`, or undefined when it has no address of its own yet. */
export function interfaceMac(interfaceName: string): string | undefined {
  return networkInterfaces()[interfaceName]?.[0]?.mac;
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
  throw noInterface(interfaceName, `no network interface can be named "${interfaceName}"`);
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
  throw failure(call, koffi.errno(), interfaceName, where);
}

const codesOfErrno: Record<string, ErrorCode> = {
  EPERM: 'permission',
  EACCES: 'permission',
  EADDRINUSE: 'address-in-use',
  ENODEV: 'invalid-configuration',
  EADDRNOTAVAIL: 'invalid-configuration',
};

function failure(call: string, errno: number, interfaceName: string, where?: BoundTo): AthanorError {
  const name = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  const at = where === undefined ? '' : ` ${where.address}:${where.port}`;
  const message = `${call}${at} on ${interfaceName}: ${name}, ${libc().describe(errno)}`;
  if (name === 'ENODEV') return noInterface(interfaceName, message);
  return new AthanorError(codesOfErrno[name] ?? 'internal', message, remedyFor(name, interfaceName, where));
}

function noInterface(interfaceName: string, message: string): AthanorError {
  return new AthanorError('invalid-configuration', message, {
    field: 'interface',
    value: interfaceName,
    remedy: 'Name an interface that `ip link` lists.',
  });
}

function remedyFor(errno: string, interfaceName: string, where?: BoundTo): { [key: string]: string } {
  if (errno === 'EPERM' || errno === 'EACCES') {
    return { remedy: 'Run as root, or give the process CAP_NET_RAW, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE.' };
  }
  if (errno === 'EADDRINUSE' && where !== undefined) {
    return { field: 'port', value: String(where.port), remedy: `Stop the program that holds port ${where.port}.` };
  }
  if (errno === 'EADDRNOTAVAIL' && where !== undefined) {
    const remedy = `Give ${interfaceName} this address, or name one that it has.`;
    return { field: 'address', value: where.address, remedy };
  }
  return {};
}

/** An error of Node's own sockets, which carries errno's name as its code. */
function asSocketError(error: unknown, where: BoundTo): AthanorError {
  if (error instanceof AthanorError) return error;
  const name = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  const context = remedyFor(name, where.interface ?? 'the machine', where);
  return new AthanorError(codesOfErrno[name] ?? 'internal', message, { ...context, cause: error });
}
