/**
 * Configuration parameters as data: each is a table of fields, and each field says where in the parameter's bytes it lies.
 * The same table reads, writes, and (in the tests) makes up values.
 */
import { IpmiDecodeError } from '../decode-error.ts';
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from './ip-address.ts';

/** What a field can hold, for whoever makes up values. */
export type FieldKind =
  | { type: 'number'; maximum: number; step: number; offset: number }
  | { type: 'flag' }
  | { type: 'choice'; names: readonly string[] }
  | { type: 'ipv4' | 'ipv6' | 'mac' }
  | { type: 'bytes' | 'text'; length: number }
  | { type: 'list'; of: FieldKind; length: number };

/** One field; `end` is the number of bytes that the parameter must have for it. */
export interface Field<Value> {
  readonly kind: FieldKind;
  readonly end: number;
  get(bytes: Buffer): Value;
  put(bytes: Buffer, value: Value): void;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F extends Fields> = { [Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never };

export interface Parameter<Value extends object> {
  readonly selector: number;
  /** The specification's name. */
  readonly name: string;
  readonly access: 'read-write' | 'read-only' | 'write-only';
  readonly kinds: Readonly<Record<string, FieldKind>>;
  encode(value: Value): Buffer;
  /** @throws IpmiDecodeError when bytes are missing; bytes beyond the known ones are not read */
  decode(bytes: Uint8Array): Value;
}

export type ParameterValue<P> = P extends Parameter<infer Value> ? Value : never;

export function parameter<F extends Fields>(
  selector: number,
  name: string,
  access: Parameter<object>['access'],
  fields: F,
): Parameter<ValueOf<F>> {
  const length = Math.max(...Object.values(fields).map(({ end }) => end));
  return {
    selector,
    name,
    access,
    kinds: Object.fromEntries(Object.entries(fields).map(([field, { kind }]) => [field, kind])),
    encode(value) {
      const bytes = Buffer.alloc(length);
      for (const [field, { put }] of Object.entries(fields)) put(bytes, value[field]);
      return bytes;
    },
    decode(given) {
      if (given.length < length) throw new IpmiDecodeError(name, `${given.length} bytes, expected ${length}`);
      const bytes = Buffer.from(given);
      const read = Object.entries(fields).map(([field, { get }]) => [field, get(bytes)]);
      // Sound because each field was read by its own entry of the table that the type is made from.
      return Object.fromEntries(read) as ValueOf<F>;
    },
  };
}

/** `width` bits of byte `at`, from bit `shift` up; in the value they count `step` each, and `offset` of them is zero bits. */
export function bits(at: number, shift: number, width: number, step = 1, offset = 0): Field<number> {
  const mask = 2 ** width - 1;
  return {
    kind: { type: 'number', maximum: mask, step, offset },
    end: at + 1,
    get: (bytes) => (((bytes[at] ?? 0) >> shift) & mask) * step + offset * step,
    put(bytes, value) {
      const raw = Math.min(mask, Math.max(0, Math.round(value / step) - offset));
      bytes[at] = (bytes[at] ?? 0) | (raw << shift);
    },
  };
}

export const byteAt = (at: number, step = 1, offset = 0): Field<number> => bits(at, 0, 8, step, offset);

/** Two bytes, least significant first, counting `step` each. */
export function wordAt(at: number, step = 1): Field<number> {
  return {
    kind: { type: 'number', maximum: 0xffff, step, offset: 0 },
    end: at + 2,
    get: (bytes) => bytes.readUInt16LE(at) * step,
    put: (bytes, value) => void bytes.writeUInt16LE(Math.min(0xffff, Math.round(value / step)), at),
  };
}

/** The low `width` bits of a number of two bytes, least significant first. */
export function lowBitsOfWord(at: number, width: number): Field<number> {
  const mask = 2 ** width - 1;
  return {
    kind: { type: 'number', maximum: mask, step: 1, offset: 0 },
    end: at + 2,
    get: (bytes) => bytes.readUInt16LE(at) & mask,
    put: (bytes, value) => void bytes.writeUInt16LE(bytes.readUInt16LE(at) | (value & mask), at),
  };
}

/** Twenty bits in three bytes, most significant first. */
export function flowLabelAt(at: number): Field<number> {
  return {
    kind: { type: 'number', maximum: 0xfffff, step: 1, offset: 0 },
    end: at + 3,
    get: (bytes) => bytes.readUIntBE(at, 3) & 0xfffff,
    put: (bytes, value) => void bytes.writeUIntBE(value & 0xfffff, at, 3),
  };
}

/** `set` is the value of the bit that means true. */
export function flag(at: number, bit: number, set: 0 | 1 = 1): Field<boolean> {
  return {
    kind: { type: 'flag' },
    end: at + 1,
    get: (bytes) => (((bytes[at] ?? 0) >> bit) & 1) === set,
    put(bytes, value) {
      if (value === (set === 1)) bytes[at] = (bytes[at] ?? 0) | (1 << bit);
    },
  };
}

/** A number that stands for a word; one that the specification reserves stays a number. */
export function choice<Name extends string>(
  at: number,
  shift: number,
  width: number,
  codes: Readonly<Record<Name, number>>,
): Field<Name | number> {
  const raw = bits(at, shift, width);
  const isName = (name: string | undefined): name is Name => name !== undefined && Object.hasOwn(codes, name);
  return {
    kind: { type: 'choice', names: Object.keys(codes) },
    end: at + 1,
    get(bytes) {
      const code = raw.get(bytes);
      const name = Object.keys(codes).find((candidate) => isName(candidate) && codes[candidate] === code);
      return isName(name) ? name : code;
    },
    put: (bytes, value) => raw.put(bytes, typeof value === 'number' ? value : codes[value]),
  };
}

function address(type: 'ipv4' | 'ipv6' | 'mac', at: number, length: number): Field<string> {
  const format = { ipv4: formatIpv4, ipv6: formatIpv6, mac: formatMac }[type];
  const parse = { ipv4: parseIpv4, ipv6: parseIpv6, mac: parseMac }[type];
  return {
    kind: { type },
    end: at + length,
    get: (bytes) => format(bytes.subarray(at, at + length)),
    put: (bytes, value) => void parse(value).copy(bytes, at),
  };
}

export const ipv4At = (at: number): Field<string> => address('ipv4', at, 4);
export const ipv6At = (at: number): Field<string> => address('ipv6', at, 16);
export const macAt = (at: number): Field<string> => address('mac', at, 6);

export function bytesAt(at: number, length: number): Field<Uint8Array> {
  return {
    kind: { type: 'bytes', length },
    end: at + length,
    get: (bytes) => Buffer.from(bytes.subarray(at, at + length)),
    put: (bytes, value) => bytes.set(value.subarray(0, length), at),
  };
}

/** Text ended by a zero byte, or by the field's end. Latin-1, so that any bytes come back as they were. */
export function textAt(at: number, length: number): Field<string> {
  return {
    kind: { type: 'text', length },
    end: at + length,
    get(bytes) {
      const text = bytes.toString('latin1', at, at + length);
      const end = text.indexOf('\0');
      return end < 0 ? text : text.slice(0, end);
    },
    put: (bytes, value) => void bytes.write(value.slice(0, length), at, 'latin1'),
  };
}

/** Fields of one kind, one after another. */
export function listOf<Value>(fields: readonly Field<Value>[]): Field<Value[]> {
  const [first] = fields;
  if (first === undefined) throw new RangeError('a list of no fields');
  return {
    kind: { type: 'list', of: first.kind, length: fields.length },
    end: Math.max(...fields.map(({ end }) => end)),
    get: (bytes) => fields.map((field) => field.get(bytes)),
    put(bytes, values) {
      for (const [index, field] of fields.entries()) {
        const value = values[index];
        if (value !== undefined) field.put(bytes, value);
      }
    },
  };
}
