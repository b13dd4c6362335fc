/** IP and MAC addresses as text and as bytes in network order. */

export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** @throws RangeError for anything but four decimal numbers */
export function parseIpv4(text: string): Buffer {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  if (!valid) throw new RangeError(`${text} is not an IPv4 address`);
  return Buffer.from(parts.map(Number));
}

/** In the shortest form (RFC 5952), as a URL's host is written. */
export function formatIpv6(bytes: Uint8Array): string {
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** @throws RangeError for anything but an address without a zone */
export function parseIpv6(text: string): Buffer {
  if (!/^[\da-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]/`)) {
    throw new RangeError(`${text} is not an IPv6 address`);
  }
  const [before = '', after] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::');
  const groups = (side: string) => side.split(':').filter((group) => group !== '');
  const head = groups(before);
  const tail = groups(after ?? '');
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const all = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0'));
  return Buffer.from(all.join(''), 'hex');
}

export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** @throws RangeError for anything but six bytes in hexadecimal, with `:` or `-` between them */
export function parseMac(text: string): Buffer {
  if (!/^[\da-f]{2}(?:[:-][\da-f]{2}){5}$/i.test(text)) throw new RangeError(`${text} is not a MAC address`);
  return Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex');
}
