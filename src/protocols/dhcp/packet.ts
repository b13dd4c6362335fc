/**
 * The DHCP packet (RFC 2131, section 2):
 *
 * | offset | bytes | field                               |
 * |--------|-------|-------------------------------------|
 * | 0      | 4     | op, htype, hlen, hops               |
 * | 4      | 4     | xid                                 |
 * | 8      | 4     | secs, flags (top bit: broadcast)    |
 * | 12     | 16    | ciaddr, yiaddr, siaddr, giaddr      |
 * | 28     | 16    | chaddr                              |
 * | 44     | 64    | sname, or options (option 52)       |
 * | 108    | 128   | file, or options (option 52)        |
 * | 236    | 4     | magic cookie 99.130.83.99           |
 * | 240    | …     | options                             |
 */
import { formatIpv4, ipv4Bytes } from './addresses.ts';
import { messageType, option } from './options.ts';

/** The bytes are not a DHCP packet. */
export class DhcpDecodeError extends Error {
  override readonly name = 'DhcpDecodeError';
}

/** The packet cannot be put into the bytes the client accepts. */
export class DhcpEncodeError extends Error {
  override readonly name = 'DhcpEncodeError';
}

export interface DhcpPacket {
  /** 1 from a client, 2 from a server. */
  op: 1 | 2;
  /** 1 is Ethernet. */
  hardwareType: number;
  hops: number;
  transactionId: number;
  seconds: number;
  /** The top bit of `flags`. */
  broadcast: boolean;
  ciaddr: string;
  yiaddr: string;
  siaddr: string;
  giaddr: string;
  /** The `hlen` (at most 16) bytes of `chaddr`. */
  hardwareAddress: Uint8Array;
  /** Empty when absent, or when the field carried options. */
  serverName: string;
  /** Empty when absent, or when the field carried options. */
  bootFile: string;
  /** Each option once: parts of a long option are joined (RFC 3396). */
  options: Map<number, Uint8Array>;
}

const fixedLength = 236;
const cookie = Uint8Array.of(99, 130, 83, 99);
const optionsStart = fixedLength + cookie.length;
/** BOOTP relays and some firmware drop anything shorter (RFC 1542, section 2.1). */
const minimumLength = 300;
/** What every client takes (RFC 2131, section 2) and what IP and UDP headers take away from it. */
const guaranteedDatagram = 576;
const ipAndUdpHeaders = 28;
const nameField = { offset: 44, length: 64 };
const fileField = { offset: 108, length: 128 };

/** Read a packet. Throws `DhcpDecodeError` when it is none; an option cut off by the end of the packet is dropped. */
export function decodeDhcp(datagram: Uint8Array): DhcpPacket {
  // Not a Buffer: its slice() shares memory, and the caller may reuse the bytes.
  const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  if (bytes.length < optionsStart) throw new DhcpDecodeError(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const op = view.getUint8(0);
  if (op !== 1 && op !== 2) throw new DhcpDecodeError(`op is ${op}, neither request nor reply`);
  if (!cookie.every((byte, index) => bytes[fixedLength + index] === byte)) {
    throw new DhcpDecodeError('the magic cookie is missing');
  }
  const hardwareLength = view.getUint8(2);
  if (hardwareLength > 16) throw new DhcpDecodeError(`hlen is ${hardwareLength}, more than 16`);

  const parts = new Map<number, Uint8Array[]>();
  collectOptions(bytes.subarray(optionsStart), parts);
  const overload = parts.get(option.overload)?.[0]?.[0] ?? 0;
  // RFC 3396, section 5: the aggregate is the options field, then file, then sname.
  if ((overload & 1) !== 0) collectOptions(field(bytes, fileField), parts);
  if ((overload & 2) !== 0) collectOptions(field(bytes, nameField), parts);
  parts.delete(option.overload);

  return {
    op,
    hardwareType: view.getUint8(1),
    hops: view.getUint8(3),
    transactionId: view.getUint32(4),
    seconds: view.getUint16(8),
    broadcast: (view.getUint16(10) & 0x8000) !== 0,
    ciaddr: formatIpv4(bytes, 12),
    yiaddr: formatIpv4(bytes, 16),
    siaddr: formatIpv4(bytes, 20),
    giaddr: formatIpv4(bytes, 24),
    hardwareAddress: bytes.slice(28, 28 + hardwareLength),
    serverName: (overload & 2) === 0 ? textUntilNul(field(bytes, nameField)) : '',
    bootFile: (overload & 1) === 0 ? textUntilNul(field(bytes, fileField)) : '',
    options: new Map([...parts].map(([code, pieces]) => [code, joined(pieces)])),
  };
}

/** Option 53 of a packet, or undefined for plain BOOTP. */
export function messageTypeOf(packet: DhcpPacket): number | undefined {
  return packet.options.get(option.messageType)?.[0];
}

/** The name of a message type for logs, e.g. `DISCOVER`. */
export function messageTypeName(type: number | undefined): string {
  const found = Object.entries(messageType).find(([, value]) => value === type);
  return found === undefined ? `type ${type ?? 'none'}` : found[0].toUpperCase();
}

/**
 * Write a packet of at least 300 bytes. `maximumDatagram` is the client's option 57 (IP and UDP headers included); what
 * does not fit into the options field goes into `file` and `sname` where those are free (option 52). Option 53 comes
 * first and option 82 last (RFC 3046, section 2.2); options over 255 bytes are split (RFC 3396).
 */
export function encodeDhcp(packet: DhcpPacket, maximumDatagram: number = guaranteedDatagram): Uint8Array {
  const limit = Math.max(maximumDatagram, guaranteedDatagram) - ipAndUdpHeaders;
  const { main, file, name } = placeOptions(packet, limit - optionsStart - 1);

  const mainLength = main.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = new Uint8Array(Math.max(minimumLength, optionsStart + mainLength + 1));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, packet.op);
  view.setUint8(1, packet.hardwareType);
  view.setUint8(2, Math.min(packet.hardwareAddress.length, 16));
  view.setUint8(3, packet.hops);
  view.setUint32(4, packet.transactionId);
  view.setUint16(8, packet.seconds);
  view.setUint16(10, packet.broadcast ? 0x8000 : 0);
  bytes.set(ipv4Bytes(packet.ciaddr), 12);
  bytes.set(ipv4Bytes(packet.yiaddr), 16);
  bytes.set(ipv4Bytes(packet.siaddr), 20);
  bytes.set(ipv4Bytes(packet.giaddr), 24);
  bytes.set(packet.hardwareAddress.subarray(0, 16), 28);
  if (name.length > 0) bytes.set(joined([...name, Uint8Array.of(option.end)]), nameField.offset);
  else bytes.set(textField(packet.serverName, nameField.length, 'sname'), nameField.offset);
  if (file.length > 0) bytes.set(joined([...file, Uint8Array.of(option.end)]), fileField.offset);
  else bytes.set(textField(packet.bootFile, fileField.length, 'file'), fileField.offset);
  bytes.set(cookie, fixedLength);
  bytes.set(joined([...main, Uint8Array.of(option.end)]), optionsStart);
  return bytes;
}

interface Placed {
  main: Uint8Array[];
  file: Uint8Array[];
  name: Uint8Array[];
}

/** Spread the options over the fields. Relay agents append and read in the options field only, so option 82 stays there. */
function placeOptions(packet: DhcpPacket, mainRoom: number): Placed {
  const relay = chunksOf(option.relayAgentInformation, packet.options.get(option.relayAgentInformation));
  const chunks = [
    ...chunksOf(option.messageType, packet.options.get(option.messageType)),
    ...[...packet.options].filter(([code]) => !placedApart.has(code)).flatMap(([code, value]) => chunksOf(code, value)),
  ];
  const length = (list: Uint8Array[]): number => list.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length(chunks) + length(relay) <= mainRoom) return { main: [...chunks, ...relay], file: [], name: [] };

  const placed: Placed = { main: [], file: [], name: [] };
  const rooms = [
    { list: placed.main, room: mainRoom - length(relay) - 3 },
    { list: placed.file, room: packet.bootFile === '' ? fileField.length - 1 : 0 },
    { list: placed.name, room: packet.serverName === '' ? nameField.length - 1 : 0 },
  ];
  // In order and never back: the parts of a long option must be met in their order (RFC 3396, section 5).
  let at = 0;
  for (const chunk of chunks) {
    let target = rooms[at];
    while (target !== undefined && target.room < chunk.length) target = rooms[++at];
    if (target === undefined) throw new DhcpEncodeError(`options do not fit into ${mainRoom} bytes, file and sname`);
    target.list.push(chunk);
    target.room -= chunk.length;
  }
  const overload = (placed.file.length > 0 ? 1 : 0) | (placed.name.length > 0 ? 2 : 0);
  placed.main.push(Uint8Array.of(option.overload, 1, overload), ...relay);
  return placed;
}

const placedApart = new Set<number>([
  option.pad,
  option.overload,
  option.messageType,
  option.relayAgentInformation,
  option.end,
]);

/** One option as code, length and value; a value over 255 bytes as several (RFC 3396). */
function chunksOf(code: number, value: Uint8Array | undefined): Uint8Array[] {
  if (value === undefined) return [];
  const chunks: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < value.length; start += 255) {
    const part = value.subarray(start, start + 255);
    chunks.push(joined([Uint8Array.of(code, part.length), part]));
  }
  return chunks;
}

function collectOptions(bytes: Uint8Array, into: Map<number, Uint8Array[]>): void {
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at] ?? option.end;
    if (code === option.end) return;
    if (code === option.pad) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) return;
    const pieces = into.get(code);
    const value = bytes.slice(at + 2, at + 2 + length);
    if (pieces === undefined) into.set(code, [value]);
    else pieces.push(value);
    at += 2 + length;
  }
}

function field(bytes: Uint8Array, { offset, length }: { offset: number; length: number }): Uint8Array {
  return bytes.subarray(offset, offset + length);
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const first = pieces[0];
  if (pieces.length === 1 && first !== undefined) return first;
  return new Uint8Array(Buffer.concat(pieces));
}

function textUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1');
}

function textField(text: string, length: number, name: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length >= length)
    throw new DhcpEncodeError(`${name} has room for ${length - 1} bytes, not ${bytes.length}`);
  return bytes;
}
