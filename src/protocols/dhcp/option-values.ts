/** What stands inside single options. Readers return undefined for what is absent or malformed. */
import { formatIpv4, ipv4Bytes } from './addresses.ts';
import { option } from './options.ts';
import type { DhcpPacket } from './packet.ts';

/** An option as text. Trailing NULs are dropped: some firmware counts them in. */
export function textOption(packet: DhcpPacket, code: number): string | undefined {
  const value = packet.options.get(code);
  if (value === undefined) return undefined;
  const text = Buffer.from(value).toString('utf8').replace(/\0+$/, '');
  return text === '' ? undefined : text;
}

/** An option holding one IPv4 address. */
export function addressOption(packet: DhcpPacket, code: number): string | undefined {
  const value = packet.options.get(code);
  return value?.length === 4 ? formatIpv4(value) : undefined;
}

/** An option holding a list of IPv4 addresses. */
export function addressListOption(packet: DhcpPacket, code: number): string[] | undefined {
  const value = packet.options.get(code);
  if (value === undefined || value.length === 0 || value.length % 4 !== 0) return undefined;
  return Array.from({ length: value.length / 4 }, (_, index) => formatIpv4(value, index * 4));
}

/** An option holding an unsigned number of one, two or four bytes. */
export function numberOption(packet: DhcpPacket, code: number): number | undefined {
  const value = packet.options.get(code);
  if (value === undefined || ![1, 2, 4].includes(value.length)) return undefined;
  return value.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Option 93: every architecture that the client names, in its order (RFC 4578, section 2.1). */
export function clientArchitectures(packet: DhcpPacket): number[] {
  const value = packet.options.get(option.clientArchitecture);
  if (value === undefined) return [];
  const found: number[] = [];
  for (let at = 0; at + 1 < value.length; at += 2) found.push((value[at] ?? 0) * 256 + (value[at + 1] ?? 0));
  return found;
}

/** Option 97: type 0 and sixteen bytes, as hexadecimal with dashes, bytes in wire order (RFC 4578, section 2.3). */
export function clientMachineUuid(packet: DhcpPacket): string | undefined {
  const value = packet.options.get(option.clientMachineIdentifier);
  if (value === undefined || value.length !== 17 || value[0] !== 0) return undefined;
  const hex = Buffer.from(value.subarray(1)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Option 77 in either encoding: a sequence of length and class (RFC 3004, section 4), or the plain text that iPXE and
 * some installers send. Plain text is read as such because its first letter is no length that fits.
 */
export function userClasses(packet: DhcpPacket): string[] {
  const value = packet.options.get(option.userClass);
  if (value === undefined || value.length === 0) return [];
  const classes: string[] = [];
  let at = 0;
  while (at < value.length) {
    const length = value[at] ?? 0;
    if (length === 0 || at + 1 + length > value.length) return [Buffer.from(value).toString('utf8')];
    classes.push(Buffer.from(value.subarray(at + 1, at + 1 + length)).toString('utf8'));
    at += 1 + length;
  }
  return classes;
}

/** User classes as RFC 3004 writes them. */
export function encodeUserClasses(classes: string[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      classes.map((name) => {
        const text = Buffer.from(name, 'utf8');
        if (text.length === 0 || text.length > 255) throw new RangeError('a user class has 1 to 255 bytes');
        return Buffer.concat([Uint8Array.of(text.length), text]);
      }),
    ),
  );
}

/** Text as an option's value. */
export function textBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'));
}

/** A number as an option's value, most significant byte first. */
export function numberBytes(value: number, length: 1 | 2 | 4): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

/** IPv4 addresses as an option's value. */
export function addressListBytes(addresses: string[]): Uint8Array {
  return new Uint8Array(Buffer.concat(addresses.map((address) => ipv4Bytes(address))));
}
