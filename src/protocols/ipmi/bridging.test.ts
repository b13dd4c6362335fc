import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AddressedRequest } from './bridging.ts';
import { encodeAddressedRequest, readAddressedResponse } from './bridging.ts';
import { sendMessage } from './commands/send-message.ts';
import { IpmiDecodeError } from './decode-error.ts';
import { decodeLanRequest, encodeLanResponse } from './lan-message.ts';

const request = { networkFunction: 6, command: 1, sequence: 9, data: Buffer.alloc(0) };
const once: AddressedRequest = { ...request, target: { lun: 1, through: [{ channel: 0, address: 0x72 }] } };
const twice: AddressedRequest = {
  ...request,
  target: {
    through: [
      { channel: 0, address: 0x82 },
      { channel: 7, address: 0x76 },
    ],
  },
};
const ids = { responderAddress: 0x20, responderLun: 0, requesterAddress: 0x81, requesterLun: 0, sequence: 9 };
const answer = encodeLanResponse({ ...ids, networkFunction: 6, command: 1, completionCode: 0, data: Buffer.of(1, 2) });
const passedOn = (data: Uint8Array, completionCode = 0) =>
  encodeLanResponse({ ...ids, networkFunction: 6, command: 0x34, completionCode, data });

describe('a bridged request', () => {
  it('is wrapped in a tracked Send Message for each hop, every level with the same sequence', () => {
    // As ipmitool -t 0x72 -b 0 -l 1 sends Get Device ID, with sequence 9.
    expect(encodeAddressedRequest(once).toString('hex')).toBe('2018c881243440721975202401bbe7');
    const outer = decodeLanRequest(encodeAddressedRequest(twice));
    expect(outer).toMatchObject({ responderAddress: 0x20, requesterAddress: 0x81, command: 0x34, sequence: 9 });
    const first = sendMessage.decodeRequest(outer.data);
    expect(first).toMatchObject({ channel: 0, track: true });
    const middle = decodeLanRequest(first.message);
    expect(middle).toMatchObject({ responderAddress: 0x82, requesterAddress: 0x20, command: 0x34, sequence: 9 });
    const second = sendMessage.decodeRequest(middle.data);
    expect(second).toMatchObject({ channel: 7, track: true });
    expect(decodeLanRequest(second.message)).toMatchObject({ responderAddress: 0x76, command: 1, sequence: 9 });
  });

  it('goes no further than two hops', () => {
    const hop = { channel: 0, address: 0x82 };
    expect(() => encodeAddressedRequest({ ...request, target: { through: [hop, hop, hop] } })).toThrow(RangeError);
  });
});

describe('the answer to a bridged request', () => {
  it.each([
    { how: 'after the answer to Send Message', asked: once, messages: [passedOn(Buffer.alloc(0)), answer] },
    { how: 'inside it', asked: once, messages: [passedOn(answer)] },
    { how: 'inside two', asked: twice, messages: [passedOn(passedOn(answer))] },
    { how: 'inside one, after one', asked: twice, messages: [passedOn(Buffer.alloc(0)), passedOn(answer)] },
    { how: 'after two', asked: twice, messages: [passedOn(Buffer.alloc(0)), passedOn(Buffer.alloc(0)), answer] },
  ])('is found $how', ({ asked, messages }) => {
    const read = messages.map((message) => readAddressedResponse(message, asked));
    expect(read.at(-1)).toMatchObject({ refusedOnTheWay: false, response: { command: 1, completionCode: 0 } });
    expect(Buffer.from(read.at(-1)?.response.data ?? []).toString('hex')).toBe('0102');
    expect(read.slice(0, -1).every((response) => response === undefined)).toBe(true);
  });

  it('may be a refusal on the way', () => {
    for (const message of [passedOn(Buffer.alloc(0), 0x83), passedOn(passedOn(Buffer.alloc(0), 0x83))]) {
      const read = readAddressedResponse(message, twice);
      expect(read).toMatchObject({ refusedOnTheWay: true, response: { completionCode: 0x83 } });
    }
  });

  it('is not taken from another request', () => {
    expect(readAddressedResponse(answer, { ...once, sequence: 10 })).toBeUndefined();
    expect(readAddressedResponse(passedOn(answer), request)).toBeUndefined();
  });

  it('never breaks the reader, whatever is inside', () => {
    const inside = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((data) => passedOn(data)),
    );
    fc.assert(
      fc.property(inside, (data) => {
        try {
          readAddressedResponse(passedOn(data), twice);
        } catch (error) {
          expect(error).toBeInstanceOf(IpmiDecodeError);
        }
      }),
    );
  });
});
