/**
 * The wire format (RFC 1350 §5, RFC 2347).
 *
 * | opcode | packet | fields after the two-byte opcode |
 * | --- | --- | --- |
 * | 1 | RRQ   | file name, 0, mode, 0, then option name, 0, value, 0 repeated |
 * | 2 | WRQ   | the same |
 * | 3 | DATA  | block number (2), 0 to blksize bytes |
 * | 4 | ACK   | block number (2) |
 * | 5 | ERROR | error code (2), message, 0 |
 * | 6 | OACK  | option name, 0, value, 0 repeated |
 */
const opcodes = {
  'read-request': 1,
  'write-request': 2,
  data: 3,
  acknowledgement: 4,
  error: 5,
  'option-acknowledgement': 6,
} as const;

/** Error codes (RFC 1350 Appendix, RFC 2347 for 8). */
export const tftpErrorCodes = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileAlreadyExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const;

/** `mail` is obsolete (RFC 1350 §1); any other word is kept out by the decoder. */
export type TftpMode = 'octet' | 'netascii';

/** An option's name in lower case (names are case-insensitive, RFC 2347) and its value as sent. */
export type TftpOption = readonly [name: string, value: string];

export interface TftpRequest {
  type: 'read-request' | 'write-request';
  fileName: string;
  mode: TftpMode;
  options: readonly TftpOption[];
}

export interface TftpErrorPacket {
  type: 'error';
  code: number;
  message: string;
}

export type TftpPacket =
  | TftpRequest
  | { type: 'data'; block: number; data: Uint8Array }
  | { type: 'acknowledgement'; block: number }
  | TftpErrorPacket
  | { type: 'option-acknowledgement'; options: readonly TftpOption[] };

/** RFC 2347 bounds a request at 512 bytes; a datagram that fits Ethernet is heard, more is not. */
const longestRequest = 1500;
const mostOptions = 16;

function terminated(text: string): Buffer {
  if (text.includes('\0')) throw new RangeError('A TFTP string cannot hold a NUL.');
  return Buffer.from(`${text}\0`, 'utf8');
}

function encodeOptions(options: readonly TftpOption[]): Buffer[] {
  return options.flatMap(([name, value]) => [terminated(name), terminated(value)]);
}

function sixteen(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

/** The bytes of a packet. Throws RangeError on a NUL in a string or a number that does not fit 16 bits. */
export function encodeTftpPacket(packet: TftpPacket): Buffer {
  const opcode = opcodes[packet.type];
  switch (packet.type) {
    case 'read-request':
    case 'write-request':
      return Buffer.concat([
        sixteen(opcode),
        terminated(packet.fileName),
        terminated(packet.mode),
        ...encodeOptions(packet.options),
      ]);
    case 'data':
      return Buffer.concat([sixteen(opcode, packet.block), packet.data]);
    case 'acknowledgement':
      return sixteen(opcode, packet.block);
    case 'error':
      return Buffer.concat([sixteen(opcode, packet.code), terminated(packet.message)]);
    case 'option-acknowledgement':
      return Buffer.concat([sixteen(opcode), ...encodeOptions(packet.options)]);
  }
}

/** The NUL-terminated strings of `bytes`. A last string without its NUL counts, as some firmware forgets it. */
function strings(bytes: Buffer): string[] {
  const found: string[] = [];
  let start = 0;
  while (start < bytes.length && found.length < 2 + 2 * mostOptions) {
    const nul = bytes.indexOf(0, start);
    const end = nul === -1 ? bytes.length : nul;
    found.push(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  return found;
}

function pairs(texts: readonly string[]): TftpOption[] {
  const options: TftpOption[] = [];
  for (let index = 0; index + 1 < texts.length; index += 2) {
    options.push([(texts[index] ?? '').toLowerCase(), texts[index + 1] ?? '']);
  }
  return options;
}

function decodeRequest(type: TftpRequest['type'], body: Buffer): TftpRequest | undefined {
  if (body.length > longestRequest) return undefined;
  const [fileName, modeText, ...rest] = strings(body);
  const mode = modeText?.toLowerCase();
  if (fileName === undefined || (mode !== 'octet' && mode !== 'netascii')) return undefined;
  return { type, fileName, mode, options: pairs(rest) };
}

/** The packet in a datagram, or undefined when it is none. Never throws. `data` shares the datagram's memory. */
export function decodeTftpPacket(datagram: Uint8Array): TftpPacket | undefined {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  if (bytes.length < 2) return undefined;
  switch (bytes.readUInt16BE(0)) {
    case opcodes['read-request']:
      return decodeRequest('read-request', bytes.subarray(2));
    case opcodes['write-request']:
      return decodeRequest('write-request', bytes.subarray(2));
    case opcodes.data:
      return bytes.length < 4 ? undefined : { type: 'data', block: bytes.readUInt16BE(2), data: bytes.subarray(4) };
    case opcodes.acknowledgement:
      return bytes.length < 4 ? undefined : { type: 'acknowledgement', block: bytes.readUInt16BE(2) };
    case opcodes.error:
      return bytes.length < 4
        ? undefined
        : { type: 'error', code: bytes.readUInt16BE(2), message: strings(bytes.subarray(4))[0] ?? '' };
    case opcodes['option-acknowledgement']:
      return { type: 'option-acknowledgement', options: pairs(strings(bytes.subarray(2))) };
    default:
      return undefined;
  }
}
