/** The kinds of field a configuration has: each reads the text a person wrote, or says what to write instead. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { longestSocketPath, type ListenAddress } from '../../api/index.ts';
import { isQuirkName, quirkNames } from '../../bmc/index.ts';
import { type AddressRange, parseIpv4, parseMac, rangeContains, subnetContains } from '../../boot/index.ts';
import { AthanorError } from '../../errors/index.ts';

/** A text read by `parse`, whose AthanorError becomes the finding's message and remedy. */
export function field<Value>(parse: (text: string) => Value) {
  return z.string().transform((text, context): Value => {
    try {
      if (text.trim() === '') throw wrong('It is empty.', 'Write a value, or remove the line.');
      return parse(text.trim());
    } catch (error) {
      if (!(error instanceof AthanorError)) throw error;
      context.addIssue({ code: 'custom', message: sentence(error.message), params: { remedy: error.remedy } });
      return z.NEVER;
    }
  });
}

function wrong(message: string, remedy: string): AthanorError {
  return new AthanorError('invalid-configuration', message, { remedy });
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export const text = field((value) => value);

export const name = field((value) => {
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value)) return value;
  throw wrong(
    `"${value}" is not a name.`,
    'Write letters and digits, with . _ - between them, at most 63 characters in all.',
  );
});

export const flag = field((value) => {
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw wrong(`"${value}" is neither true nor false.`, 'Write true or false.');
});

export const ipv4 = field((value) => parseIpv4(value));
export const mac = field((value) => parseMac(value));

export interface Subnet {
  /** The subnet's own address, the host part zero. */
  address: string;
  prefixLength: number;
}

export function parseSubnet(value: string): Subnet {
  const remedy = 'Write the subnet with its prefix length, e.g. 10.77.0.0/24.';
  const [, address, prefix] = /^([\d.]+)\/(\d{1,2})$/.exec(value) ?? [];
  if (address === undefined || prefix === undefined) throw wrong(`"${value}" is not a subnet.`, remedy);
  const prefixLength = Number(prefix);
  if (prefixLength < 8 || prefixLength > 30) {
    throw wrong(`The prefix length /${prefix} is not from /8 to /30.`, remedy);
  }
  const checked = parseIpv4(address);
  const base = addressText(Math.floor(addressNumber(checked) / 2 ** (32 - prefixLength)) * 2 ** (32 - prefixLength));
  if (base === checked) return { address: checked, prefixLength };
  throw wrong(`"${value}" names a host's address.`, `Write the subnet's own address: ${base}/${prefixLength}.`);
}
export const subnet = field(parseSubnet);

function parseRange(value: string): AddressRange {
  const [first, last, more] = value.split('-').map((part) => part.trim());
  if (first === undefined || last === undefined || more !== undefined) {
    throw wrong(`"${value}" is not a range.`, 'Write its first and last address, e.g. 10.77.0.100-10.77.0.199.');
  }
  const range = { first: parseIpv4(first), last: parseIpv4(last) };
  if (rangeContains(range, range.first)) return range;
  throw wrong(`The range ${value} ends before it begins.`, `Write ${range.last}-${range.first}.`);
}
const oneRange = field(parseRange);
/** One range or a list of them. */
export const ranges = z.union([oneRange.transform((range) => [range]), z.array(oneRange)]);
/** One address or a list of them. */
export const addresses = z.union([ipv4.transform((address) => [address]), z.array(ipv4)]);

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDuration(value: string): number {
  const parts = [...value.matchAll(/(\d{1,9})(ms|s|m|h|d)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === value) {
    const milliseconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
    if (milliseconds > 0) return milliseconds;
  }
  throw wrong(`"${value}" is not a time.`, 'Write a number with its unit (s, m, h, d), e.g. 90s, 5m or 2h30m.');
}
/** `90s`, `5m`, `2h30m`, in milliseconds. */
export const durationMs = field(parseDuration);

const longestLeaseSeconds = 365 * 86_400;
/** In seconds, as DHCP counts (RFC 2132 section 9.2). */
export const leaseSeconds = field((value) => {
  const seconds = Math.round(parseDuration(value) / 1000);
  if (seconds >= 60 && seconds <= longestLeaseSeconds) return seconds;
  throw wrong(`${value} is no useful lease time.`, 'Write a time from 1m to 365d, e.g. 1h.');
});

export const port = field((value) => {
  if (/^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65_536) return Number(value);
  throw wrong(`"${value}" is not a port.`, 'Write a number from 1 to 65535.');
});

export const sha256 = field((value) => {
  if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  const what = /^[0-9a-f]+$/i.test(value)
    ? `has ${value.length} digits instead of 64`
    : 'has not only hexadecimal digits';
  throw wrong(`"${value}" is not a SHA-256: it ${what}.`, 'Write what `sha256sum FILE` prints first.');
});

export const guid = field((value) => {
  if (/^[0-9a-f]{32}$/i.test(value.replaceAll('-', ''))) return value.toLowerCase();
  throw wrong(`"${value}" is not a GUID.`, 'Write 32 hexadecimal digits, e.g. as `ipmitool mc guid` prints them.');
});

export const cipherSuite = field((value) => {
  if (['3', '8', '12', '17'].includes(value)) return Number(value);
  throw wrong(
    `Cipher suite "${value}" is not offered: it is unknown or unsafe.`,
    'Write 17 (SHA-256) or 3 (SHA-1), the better one first; 8 and 12 (MD5) only for a BMC that has nothing else.',
  );
});

/** A workaround for one BMC, or `no-` and one that is not to be used. */
export const quirk = field((value) => {
  if (isQuirkName(value.replace(/^no-/, ''))) return value;
  throw wrong(`There is no quirk "${value}".`, `There are: ${quirkNames.join(', ')}.`);
});

/** `127.0.0.1:8443`, `[::1]:8443`, `unix:run/api.sock`. */
export const listenAddress = field((value): ListenAddress => {
  const remedy = 'Write ADDRESS:PORT, e.g. 127.0.0.1:8443, or unix:PATH.';
  if (value.startsWith('unix:')) {
    const path = value.slice('unix:'.length);
    if (path === '') throw wrong(`"${value}" names no path.`, remedy);
    if (Buffer.byteLength(path) <= longestSocketPath) return { path };
    throw wrong(
      `The path of a unix socket has at most ${longestSocketPath} bytes.`,
      'Choose a shorter one, for example under /run.',
    );
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const number = Number(digits);
  if (host === undefined || number > 65_535) throw wrong(`"${value}" is not an address to listen on.`, remedy);
  if (host !== 'localhost' && isIP(host) !== (bracketed === undefined ? 4 : 6)) {
    throw wrong(`"${host}" is not an IP address.`, remedy);
  }
  return { host, port: number };
});

/** `10.77.1.1:5900`, `[fd00::1]:5900`, `unix:run/vnc.sock`: where an RFB (VNC) server listens. */
export const consoleAddress = field((value): ListenAddress => {
  const remedy = 'Write HOST:PORT, e.g. 10.77.1.1:5900, or unix:PATH.';
  if (value.startsWith('unix:')) {
    const path = value.slice('unix:'.length);
    if (path === '') throw wrong(`"${value}" names no path.`, remedy);
    return { path };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = bracketed ?? plain;
  const number = Number(digits);
  if (host === undefined || number < 1 || number > 65_535) throw wrong(`"${value}" is not HOST:PORT.`, remedy);
  return { host, port: number };
});

/** Heartbeats more often than once a second only make noise; less often than every ten minutes they say nothing. */
export const heartbeatMs = field((value) => {
  const milliseconds = parseDuration(value);
  if (milliseconds >= 1000 && milliseconds <= 600_000) return milliseconds;
  throw wrong(`${value} is no useful interval.`, 'Write a time from 1s to 10m, e.g. 10s.');
});

/** A whole number between the two, both included. */
export function countFrom(least: number, most: number) {
  return field((value) => {
    if (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    throw wrong(`"${value}" is not a number from ${least} to ${most}.`, `Write a number from ${least} to ${most}.`);
  });
}

/** A subnet's text again. */
export function subnetText({ address, prefixLength }: Subnet): string {
  return `${address}/${prefixLength}`;
}

export function inSubnet({ address, prefixLength }: Subnet, candidate: string): boolean {
  return subnetContains(address, prefixLength, candidate);
}

/** A checked address as a number, to count with. */
export function addressNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
