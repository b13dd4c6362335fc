/**
 * GUIDs of BMCs against UUIDs of machines. The same 16 bytes are written in three orders:
 *
 * - RFC 4122: all fields most significant byte first. What ipmi_sim, OpenBMC and others send.
 * - SMBIOS: the first three fields least significant byte first. What Dell and others send.
 * - reversed: all 16 bytes least significant first, as the IPMI specification (§20.8) asks for.
 *
 * The machine's own UUID may have been read in the first or the second. Two GUIDs are the same when any order of one is
 * any order of the other.
 */
const smbiosOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const reversedOrder = smbiosOrder.map((_, index) => 15 - index);

/** UUIDs that many different machines carry because a maker never set them (in the RFC order). */
const sharedByMistake = [
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '01234567-8910-1112-1314-151617181920',
  '11111111-2222-3333-4444-555555555555',
  '00010203-0405-0607-0809-0a0b0c0d0e0f',
  '4c4c4544-0000-2010-8020-80c04f202020',
  '4c4c4544-0020-2010-8020-a0c04f202020',
  'ffffffff-ffff-ffff-ffff-fffffffffffe',
];
const junk = new Set(sharedByMistake.flatMap((uuid) => spellings(parseGuid(uuid) ?? Buffer.alloc(16))));

/** Sixteen bytes from bytes or from text in any usual spelling (dashes, braces, `urn:uuid:`); undefined otherwise. */
export function parseGuid(guid: string | Uint8Array): Buffer | undefined {
  if (typeof guid !== 'string') return guid.length === 16 ? Buffer.from(guid) : undefined;
  const digits = guid
    .trim()
    .replace(/^urn:uuid:/i, '')
    .replace(/^\{(.*)\}$/, '$1')
    .replaceAll('-', '');
  return /^[0-9a-f]{32}$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}

/** `aabbccdd-eeff-…`, lower case, bytes in the order given. */
export function formatGuid(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** False for what identifies nothing: not a GUID, one byte repeated (all zeros, all FF), or known to be shared. */
export function isUsableGuid(guid: string | Uint8Array): boolean {
  const bytes = parseGuid(guid);
  if (bytes === undefined || bytes.every((byte) => byte === bytes[0])) return false;
  return !junk.has(formatGuid(bytes));
}

/**
 * All the ways in which the UUID that these bytes mean may be written: as they are, in the SMBIOS order, reversed, and
 * reversed then read in the SMBIOS order or the other way round. Empty for an unusable GUID. A store that keeps a
 * machine's UUID as its firmware wrote it can look up each of them.
 */
export function guidCandidates(guid: string | Uint8Array): string[] {
  const bytes = parseGuid(guid);
  if (bytes === undefined || !isUsableGuid(bytes)) return [];
  const reversed = reorder(bytes, reversedOrder);
  const mixed = reorder(bytes, smbiosOrder);
  const more = [reorder(reversed, smbiosOrder), reorder(mixed, reversedOrder)].map(formatGuid);
  return [...new Set([...spellings(bytes), ...more])];
}

/** Whether both mean one machine, in whatever byte order each is written. Junk is never the same as anything. */
export function sameGuid(left: string | Uint8Array, right: string | Uint8Array): boolean {
  const other = parseGuid(right);
  return other !== undefined && guidCandidates(left).includes(formatGuid(other)) && isUsableGuid(other);
}

function spellings(bytes: Buffer): string[] {
  return [bytes, reorder(bytes, smbiosOrder), reorder(bytes, reversedOrder)].map(formatGuid);
}

function reorder(bytes: Buffer, order: readonly number[]): Buffer {
  return Buffer.from(order.map((index) => bytes[index] ?? 0));
}
