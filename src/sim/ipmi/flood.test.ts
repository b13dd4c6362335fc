/** Whatever comes from the network, the simulator stands, says nothing strange, and keeps no more than it must. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeLanRequest,
  encodeOpenSessionRequest,
  encodePresencePing,
  encodeRakpMessage1,
  encodeSessionless,
  encodeSessionSetup,
  IpmiDecodeError,
  payloadType,
} from '../../protocols/ipmi/index.ts';
import type { Bench } from './testing/test-console.ts';
import { createBench, loggedIn, login } from './testing/test-console.ts';

/** One of every kind that the simulator answers. */
function genuinePackets(bench: Bench): Uint8Array[] {
  const algorithms = { authentication: 3, integrity: 4, confidentiality: 1 };
  const opening = { tag: 0, maximumPrivilege: 4, consoleSessionId: 9, algorithms };
  const rakp1 = { tag: 0, managedSystemSessionId: 1, consoleRandom: Buffer.alloc(16), roleByte: 0x14 };
  const ask = { responderAddress: 0x20, responderLun: 0, requesterAddress: 0x81, requesterLun: 0, sequence: 3 };
  const capabilities = encodeLanRequest({ ...ask, networkFunction: 6, command: 0x38, data: Buffer.of(0x8e, 4) });
  const session = loggedIn(bench);
  return [
    encodePresencePing({ tag: 1 }),
    encodeSessionSetup(payloadType.openSessionRequest, encodeOpenSessionRequest(opening)),
    encodeSessionSetup(payloadType.rakpMessage1, encodeRakpMessage1({ ...rakp1, username: Buffer.from('admin') })),
    encodeSessionless(capabilities),
    encodeSessionSetup(payloadType.ipmiMessage, capabilities),
    session.seal(0x06, 0x01),
    session.seal(0x06, 0x34, [0x40, 0x2c, 0x18, 0xbc, 0x81, 0x04, 0x01, 0x7a]),
    session.seal(0x00, 0x01),
  ];
}

function receiveAnything(bench: Bench, packet: Uint8Array): void {
  try {
    bench.receive(packet);
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
  }
}

describe('a flood', () => {
  it('of mutated and random packets changes nothing for those who have a session', () => {
    const bench = createBench();
    const genuine = genuinePackets(bench);
    const place = fc.tuple(fc.nat(200), fc.nat(255));
    const mutated = fc.record({
      of: fc.nat(genuine.length - 1),
      at: fc.array(place, { maxLength: 4 }),
      cut: fc.nat(250),
    });
    fc.assert(
      fc.property(mutated, fc.uint8Array({ maxLength: 64 }), ({ of, at, cut }, random) => {
        const packet = Buffer.from(genuine[of] ?? Buffer.alloc(0));
        for (const [index, value] of at) if (index < packet.length) packet[index] = value;
        receiveAnything(bench, cut < 100 ? packet.subarray(0, cut) : packet);
        receiveAnything(bench, random);
        receiveAnything(bench, Buffer.concat([packet.subarray(0, 16), random]));
        bench.sent();
      }),
      { numRuns: 10_000 },
    );
    expect(bench.errors).toEqual([]);
    expect(bench.controller.sessions()).toBe(1);
    expect(loggedIn(bench).ask(0x06, 0x01)).toMatchObject([{ completionCode: 0 }]);
  });

  it('of any commands inside a session is answered, each with one message', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    const oneByte = fc.nat(255);
    fc.assert(
      fc.property(fc.nat(31), oneByte, fc.array(oneByte, { maxLength: 40 }), (half, command, data) => {
        // Close Session, Send Message and the resets have endings of their own.
        fc.pre(!(half === 3 && [0x02, 0x03, 0x34, 0x3c, 0x3b].includes(command)));
        // So have changes of the user who asks.
        fc.pre(!(half === 3 && command >= 0x40 && command <= 0x4c));
        expect(session.ask(half * 2, command, data)).toHaveLength(1);
      }),
      { numRuns: 10_000 },
    );
    expect(bench.errors).toEqual([]);
  });

  it('of logins that are never finished takes no memory and no room', () => {
    const bench = createBench();
    const opening = encodeOpenSessionRequest({
      tag: 0,
      maximumPrivilege: 4,
      consoleSessionId: 9,
      algorithms: { authentication: 3, integrity: 4, confidentiality: 1 },
    });
    for (let count = 0; count < 20_000; count += 1) {
      bench.receive(encodeSessionSetup(payloadType.openSessionRequest, opening));
      bench.sent();
    }
    expect(bench.clock.pending()).toBe(0);
    expect(login(bench)).toBeTypeOf('object');
  });
});
