/**
 * The Wake-on-LAN magic packet (AMD publication 20213): six bytes 0xFF, then the MAC address sixteen times.
 */
export function magicPacket(macAddress: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(6, 0xff), ...Array.from({ length: 16 }, () => macAddress)]);
}

/** Six bytes from `00:11:22:33:44:55` or with dashes; undefined for anything else. */
export function parseMacAddress(text: string): Buffer | undefined {
  return /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text) ? Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex') : undefined;
}
