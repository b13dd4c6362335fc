import { AthanorError } from '../errors/index.ts';

/** Gives the time; `Date` itself is one. */
export interface Clock {
  now(): number;
}

/** Gives that many random bytes; `randomBytes` of node:crypto is one. */
export type Random = (size: number) => Uint8Array;

const COUNTER_MAX = 0xfff;

/**
 * Makes a source of UUIDv7 (RFC 9562 §5.7): sorted by time, and within one millisecond by a 12-bit counter in rand_a
 * (§6.2 method 1). A clock that is set back does not set the ids back.
 *
 * | bits | 48                | 4           | 12      | 2           | 62     |
 * | ---- | ----------------- | ----------- | ------- | ----------- | ------ |
 * |      | milliseconds 1970 | version 0b0111 | counter | variant 0b10 | random |
 */
export function uuidSource(clock: Clock, random: Random): () => string {
  let time = 0;
  let counter = 0;
  return () => {
    const now = clock.now();
    if (now > time) {
      time = now;
      counter = 0;
    } else if (counter === COUNTER_MAX) {
      time += 1;
      counter = 0;
    } else counter += 1;
    const bytes = random(8);
    if (bytes.length !== 8) throw new AthanorError('internal', 'the source of randomness gave too few bytes');
    const view = Buffer.alloc(16);
    view.writeUIntBE(time, 0, 6);
    view.writeUInt16BE(0x7000 | counter, 6);
    view.set(bytes, 8);
    view.writeUInt8((view.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = view.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  };
}
