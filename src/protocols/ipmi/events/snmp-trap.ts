/**
 * As much of SNMPv1 (RFC 1157 §4.1.6, BER) as a platform event trap needs: version, community, the trap's enterprise and
 * specific number, and the octet strings of its variables.
 */
import { ByteReader, hexByte } from '../byte-reader.ts';

export interface SnmpTrap {
  community: string;
  /** Dotted, e.g. `1.3.6.1.4.1.3183.1.1`. */
  enterprise: string;
  /** IPv4 address of the agent. */
  agentAddress: string;
  /** 6 enterprise-specific. */
  genericTrap: number;
  specificTrap: number;
  /** Hundredths of a second. */
  uptime: number;
  variables: { name: string; octets: Uint8Array }[];
}

const tag = {
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  ipAddress: 0x40,
  timeTicks: 0x43,
  trap: 0xa4,
} as const;

/** Variables that are no octet strings are left out. */
export function decodeSnmpTrap(packet: Uint8Array): SnmpTrap {
  const message = open(new ByteReader(packet, 'SNMP message'), tag.sequence);
  const version = integer(message);
  if (version !== 0) message.fail(`version ${version}: only SNMPv1 carries platform event traps`);
  const community = open(message, tag.octetString).rest().toString('latin1');
  const trap = open(message, tag.trap);
  const enterprise = objectIdentifier(trap);
  const agentAddress = [...open(trap, tag.ipAddress).bytes(4)].join('.');
  const genericTrap = integer(trap);
  const specificTrap = integer(trap);
  const uptime = number(open(trap, tag.timeTicks));
  const list = open(trap, tag.sequence);
  const variables: SnmpTrap['variables'] = [];
  while (list.remaining > 0) {
    const binding = open(list, tag.sequence);
    const name = objectIdentifier(binding);
    const value = element(binding);
    if (value.tag === tag.octetString) variables.push({ name, octets: value.content.rest() });
  }
  return { community, enterprise, agentAddress, genericTrap, specificTrap, uptime, variables };
}

export function encodeSnmpTrap(trap: SnmpTrap): Buffer {
  const variables = trap.variables.map(({ name, octets }) =>
    wrap(tag.sequence, encodeObjectIdentifier(name), wrap(tag.octetString, octets)),
  );
  const body = wrap(
    tag.trap,
    encodeObjectIdentifier(trap.enterprise),
    wrap(tag.ipAddress, Buffer.from(trap.agentAddress.split('.').map(Number))),
    wrap(tag.integer, encodeNumber(trap.genericTrap)),
    wrap(tag.integer, encodeNumber(trap.specificTrap)),
    wrap(tag.timeTicks, encodeNumber(trap.uptime)),
    wrap(tag.sequence, ...variables),
  );
  return wrap(
    tag.sequence,
    wrap(tag.integer, Buffer.of(0)),
    wrap(tag.octetString, Buffer.from(trap.community, 'latin1')),
    body,
  );
}

function element(reader: ByteReader): { tag: number; content: ByteReader } {
  const found = reader.byte();
  let length = reader.byte();
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 3) reader.fail(`a length of ${count} bytes`);
    length = 0;
    for (const byte of reader.bytes(count)) length = (length << 8) | byte;
  }
  return { tag: found, content: new ByteReader(reader.bytes(length), 'SNMP message') };
}

function open(reader: ByteReader, expected: number): ByteReader {
  const { tag: found, content } = element(reader);
  if (found !== expected) reader.fail(`tag ${hexByte(found)}, expected ${hexByte(expected)}`);
  return content;
}

function integer(reader: ByteReader): number {
  return number(open(reader, tag.integer));
}

/** Unsigned: nothing in a trap is negative, and some senders leave out the zero byte that says so. */
function number(content: ByteReader): number {
  const bytes = content.rest();
  if (bytes.length === 0 || bytes.length > 5) content.fail(`a number of ${bytes.length} bytes`);
  return bytes.readUIntBE(0, bytes.length);
}

function objectIdentifier(reader: ByteReader): string {
  const content = open(reader, tag.objectIdentifier);
  const first = content.byte();
  const arcs = [Math.floor(first / 40), first % 40];
  while (content.remaining > 0) {
    let arc = 0;
    let byte = 0;
    do {
      byte = content.byte();
      arc = arc * 128 + (byte & 0x7f);
      if (arc > 0xffff_ffff) content.fail('an arc of an object identifier is too long');
    } while ((byte & 0x80) !== 0);
    arcs.push(arc);
  }
  return arcs.join('.');
}

function encodeObjectIdentifier(name: string): Buffer {
  const [first = 0, second = 0, ...others] = name.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of others) {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) | 0x80);
    bytes.push(...groups);
  }
  return wrap(tag.objectIdentifier, Buffer.from(bytes));
}

/** With a zero byte in front where the highest bit is set: else it would be negative. */
function encodeNumber(value: number): Buffer {
  const bytes = [value % 256];
  for (let rest = Math.floor(value / 256); rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0);
  return Buffer.from(bytes);
}

function wrap(kind: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.of(kind, ...length), content]);
}
