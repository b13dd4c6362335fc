/** A million damaged packets into every decoder of IPMI and into the receiving side of the client. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as ipmi from '../protocols/ipmi/index.ts';
import { openBmc, rememberRefusedInMemory } from './index.ts';
import type { UdpHandlers } from './index.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { expectDone } from './testing/results.ts';
import { createScriptedBmc } from './testing/scripted-bmc.ts';

const perRun = 1_000_000;
const throughClient = 120_000;

/** xorshift32: the same packets in every run. */
function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return { below: (limit: number) => next() % limit };
}
const random = createRandom(20_261_121);

function noise(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** The same bytes cut short, with some changed, or with more behind them. */
function damaged(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  const changes = random.below(4);
  for (let change = 0; change < changes && copy.length > 0; change += 1) {
    copy[random.below(copy.length)] = random.below(256);
  }
  const kind = random.below(4);
  if (kind === 0) return copy.subarray(0, random.below(copy.length + 1));
  if (kind === 1) return Buffer.concat([copy, noise(random.below(8))]);
  return copy;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

interface Decoder {
  name: string;
  decode: (bytes: Uint8Array) => unknown;
}

function isCommand(value: unknown): value is ipmi.IpmiCommand<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'decodeRequest' in value && 'decodeResponse' in value;
}

/** Whatever the folder exports: a decoder that is added is damaged here without anybody naming it. */
const decoders: Decoder[] = Object.entries(ipmi).flatMap(([name, value]): Decoder[] => {
  if (isCommand(value)) {
    return [
      { name: `${name} request`, decode: (bytes) => value.decodeRequest(bytes) },
      { name: `${name} response`, decode: (bytes) => value.decodeResponse(bytes) },
    ];
  }
  if ((!/^decode[A-Z]/.test(name) && name !== 'readAddressedResponse') || typeof value !== 'function') return [];
  return [{ name, decode: (bytes) => Reflect.apply(value, undefined, argumentsOf(name, bytes)) }];
});

/** What those decoders take that want more than the bytes. */
function argumentsOf(name: string, bytes: Uint8Array): unknown[] {
  const first = bytes[0] ?? 0;
  switch (name) {
    case 'decodeRakpMessage2':
    case 'decodeRakpMessage4':
      return [bytes, 20];
    case 'readAddressedResponse': {
      const target = { through: [{ channel: 0, address: 0x82 }] };
      return [bytes, { networkFunction: 6, command: 1, sequence: 1, data: Buffer.alloc(0), target }];
    }
    case 'decodePeriod':
      return [first];
    case 'decodePlatformEventTrap':
    case 'decodeRecordContent':
      return [first, bytes];
    case 'decodeFruText':
      return [first, bytes, 25];
    case 'decodeFieldList':
      return [bytes, () => 25];
    case 'decodeFruArea':
      return [['chassis', 'board', 'product'][first % 3], bytes];
    case 'decodeSensorRecord':
      return [['full', 'compact', 'event-only'][first % 3], bytes];
    case 'decodeEntityAssociation':
      return [first % 2 === 0, bytes];
    default:
      return [bytes];
  }
}

describe('every decoder', () => {
  it(`survives its share of ${perRun} damaged packets`, { timeout: 60_000 }, () => {
    expect(decoders.length).toBeGreaterThan(60);
    const before = heapUsed();
    const share = Math.ceil((perRun - throughClient) / decoders.length);
    for (const { name, decode } of decoders) {
      let sample: Uint8Array = noise(random.below(40));
      for (let run = 0; run < share; run += 1) {
        // Whatever was accepted reaches deeper when it is damaged than noise does.
        const bytes = run % 3 === 0 ? noise(random.below(48)) : damaged(sample);
        try {
          decode(bytes);
          if (bytes.length > 0) sample = bytes;
        } catch (error) {
          if (error instanceof ipmi.IpmiDecodeError) continue;
          throw new Error(`${name} of ${bytes.toString('hex')}: ${String(error)}`, { cause: error });
        }
      }
    }
    expect(heapUsed() - before).toBeLessThan(32 * 2 ** 20);
  });
});

/** A client whose link carries, before each answer of the BMC, so many damaged ones. */
function startDamagedClient(perAnswer: number) {
  const scripted = createScriptedBmc({ command: () => ({ completionCode: 0, data: Buffer.of(1, 0, 0) }) });
  let deliver: UdpHandlers['onMessage'] | undefined;
  const seen: Uint8Array[] = [];
  const control = { on: true, delivered: 0 };
  const flood = (count: number): void => {
    for (let run = 0; run < count; run += 1) deliver?.(damaged(seen[random.below(seen.length)] ?? noise(20)));
    control.delivered += count;
  };
  scripted.script.answer = (packet) => {
    seen.push(packet);
    if (control.on) flood(perAnswer);
    return packet;
  };
  const credential = { name: 'c', username: 'admin', password: 'secret', fingerprint: '1' };
  const bmc = openBmc(
    { name: 'b1', driver: 'ipmi', address: '192.0.2.1', credential },
    {
      udp: {
        open(endpoint, handlers) {
          deliver = (packet) => handlers.onMessage(packet);
          return scripted.open(endpoint, handlers);
        },
      },
      clock: createFakeClock({ automatic: true }),
      randomBytes: (length) => noise(length),
      refusedCredentials: rememberRefusedInMemory(),
    },
  );
  return { bmc, control, flood };
}

describe('the receiving side of the client', () => {
  it(`takes none of ${throughClient} damaged packets for an answer inside a session`, { timeout: 60_000 }, async () => {
    const { bmc, control, flood } = startDamagedClient(throughClient / 20);
    const before = heapUsed();
    control.on = false;
    expectDone(await bmc.power.get());
    control.on = true;
    for (let call = 0; call < 20; call += 1) expect(expectDone(await bmc.power.get()).value.state).toBe('on');
    expect(control.delivered).toBe(throughClient);
    await bmc.close();
    // After the end nobody listens any more.
    flood(1_000);
    expect(heapUsed() - before).toBeLessThan(16 * 2 ** 20);
  });

  it('ends every call in a result while a session is set up amid damaged packets', { timeout: 60_000 }, async () => {
    const outcomes = new Set<string>();
    for (let attempt = 0; attempt < 200; attempt += 1) {
      // Set-up packets carry no code: a damaged one may be believed, and then the call says so.
      const { bmc } = startDamagedClient(attempt % 8);
      const result = await bmc.power.get();
      outcomes.add(result.outcome === 'failed' ? result.error.code : result.outcome);
      await bmc.close();
    }
    expect(outcomes).toContain('done');
    expect(outcomes).not.toContain('internal');
  });
});
