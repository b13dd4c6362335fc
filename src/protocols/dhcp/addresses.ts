/** IPv4 and hardware addresses between their bytes, their number and their usual text. */

/** Four bytes as `a.b.c.d`; bytes that are missing count as zero. */
export function formatIpv4(bytes: Uint8Array, offset = 0): string {
  return `${bytes[offset] ?? 0}.${bytes[offset + 1] ?? 0}.${bytes[offset + 2] ?? 0}.${bytes[offset + 3] ?? 0}`;
}

const decimalByte = /^(0|[1-9][0-9]{0,2})$/;

/** `a.b.c.d` as an unsigned 32-bit number, or undefined when the text is not exactly that. */
export function ipv4ToNumber(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!decimalByte.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** An unsigned 32-bit number as `a.b.c.d`. */
export function numberToIpv4(value: number): string {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** `a.b.c.d` as its four bytes. Throws a RangeError on anything else: the text comes from our own side. */
export function ipv4Bytes(text: string): Uint8Array {
  const value = ipv4ToNumber(text);
  if (value === undefined) throw new RangeError(`not an IPv4 address: ${text}`);
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Hardware address bytes as `aa:bb:cc:dd:ee:ff`. */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** `aa:bb:cc:dd:ee:ff` as its six bytes. Throws a RangeError on anything else: the text comes from our own side. */
export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`not a hardware address: ${text}`);
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}
