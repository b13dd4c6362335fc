/** Checks of addresses that a person wrote, for the configuration reader. Errors name field, value and remedy. */
import { AthanorError, type ErrorCode } from '../../errors/index.ts';
import { ipv4ToNumber, numberToIpv4 } from '../../protocols/dhcp/index.ts';
import type { AddressRange } from './ports.ts';

/** An IPv4 address in its usual text; throws `invalid-configuration` (or `code`) naming the field. */
export function parseIpv4(text: string, field = 'address', code: ErrorCode = 'invalid-configuration'): string {
  const value = ipv4ToNumber(text);
  if (value !== undefined) return numberToIpv4(value);
  throw new AthanorError(code, `"${text}" is not an IPv4 address`, {
    field,
    value: text,
    remedy: 'Write four numbers from 0 to 255 with dots between them, e.g. 10.77.0.10.',
  });
}

/** A MAC address as `aa:bb:cc:dd:ee:ff`; dashes, dots and no separator are understood. Group addresses are refused. */
export function parseMac(text: string, field = 'mac', code: ErrorCode = 'invalid-configuration'): string {
  const wrong = (what: string, remedy: string): AthanorError =>
    new AthanorError(code, `"${text}" is not a machine's MAC address: ${what}`, { field, value: text, remedy });
  const example = 'Write six pairs of the digits 0-9 and a-f, e.g. 00:11:22:33:44:55.';

  const grouped = /^(..[:-]..[:-]..[:-]..[:-]..[:-]..|....\.....\.....|[^:.-]{12})$/;
  const digits = text.trim().toLowerCase();
  if (!grouped.test(digits)) throw wrong('it has not six pairs of digits', example);
  const pairs = digits.replace(/[:.-]/g, '').match(/../g) ?? [];
  const bad = pairs.find((pair) => !/^[0-9a-f]{2}$/.test(pair));
  if (bad !== undefined) throw wrong(`"${bad.toUpperCase()}" is not hexadecimal`, example);
  const mac = pairs.join(':');
  if (mac === '00:00:00:00:00:00') throw wrong('it is all zeros', "Write the address of the machine's network card.");
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    throw wrong('it names a group of machines, not one', "Write the address of the machine's network card.");
  }
  return mac;
}

/** Does the subnet that `address`/`prefixLength` lies in contain `candidate`? */
export function subnetContains(address: string, prefixLength: number, candidate: string): boolean {
  const first = ipv4ToNumber(address);
  const second = ipv4ToNumber(candidate);
  if (first === undefined || second === undefined) return false;
  const size = 2 ** (32 - prefixLength);
  return Math.floor(first / size) === Math.floor(second / size);
}

/** May a host of that subnet have the address? Not the subnet's own nor its broadcast address. */
export function usableInSubnet(address: string, prefixLength: number, candidate: string): boolean {
  if (!subnetContains(address, prefixLength, candidate)) return false;
  if (prefixLength >= 31) return true;
  const offset = (ipv4ToNumber(candidate) ?? 0) % 2 ** (32 - prefixLength);
  return offset !== 0 && offset !== 2 ** (32 - prefixLength) - 1;
}

/** The dotted mask of a prefix length. */
export function subnetMask(prefixLength: number): string {
  return numberToIpv4((2 ** 32 - 2 ** (32 - prefixLength)) >>> 0);
}

/** The broadcast address of the subnet that `address` lies in. */
export function broadcastAddress(address: string, prefixLength: number): string {
  const size = 2 ** (32 - prefixLength);
  return numberToIpv4(((Math.floor((ipv4ToNumber(address) ?? 0) / size) + 1) * size - 1) >>> 0);
}

/** Does the range, both ends included, contain the address? */
export function rangeContains(range: AddressRange, address: string): boolean {
  const value = ipv4ToNumber(address);
  const first = ipv4ToNumber(range.first);
  const last = ipv4ToNumber(range.last);
  if (value === undefined || first === undefined || last === undefined) return false;
  return value >= first && value <= last;
}

/** Have the two ranges, ends included, an address in common? */
export function rangesOverlap(one: AddressRange, other: AddressRange): boolean {
  return rangeContains(one, other.first) || rangeContains(other, one.first);
}

/** In how many hexadecimal digits two MAC addresses differ: 1 between two declared machines is probably a slip. */
export function macDistance(one: string, other: string): number {
  const digits = (mac: string): string[] => mac.toLowerCase().match(/[0-9a-f]/g) ?? [];
  const left = digits(one);
  const right = digits(other);
  let count = Math.abs(left.length - right.length);
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) if (left[at] !== right[at]) count += 1;
  return count;
}
