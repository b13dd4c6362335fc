import { IpmiDecodeError } from './decode-error.ts';

/** Reads a byte sequence from front to back; reading past its end throws an IpmiDecodeError that names what was read. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint16LittleEndian(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  /** Manufacturer ids and other 3-byte fields, least significant byte first. */
  uint24LittleEndian(): number {
    return this.#bytes.readUIntLE(this.#take(3), 3);
  }

  uint32LittleEndian(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  uint32BigEndian(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Buffer {
    const start = this.#take(length);
    return Buffer.from(this.#bytes.subarray(start, start + length));
  }

  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** The value must be `expected`. */
  expect(value: number, expected: number, field: string): void {
    if (value !== expected) this.fail(`${field} is ${hexByte(value)}, expected ${hexByte(expected)}`);
  }

  fail(problem: string): never {
    throw new IpmiDecodeError(this.#what, problem);
  }

  #take(length: number): number {
    if (length > this.remaining) this.fail(`cut short: ${length} more bytes needed, ${this.remaining} left`);
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

export function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
