/** Fan control against the simulator's fans, without a session: what the tachometers must show, and what is restored. */
import { describe, expect, it } from 'vitest';
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { completionCodeText, getDeviceId } from '../../../protocols/ipmi/index.ts';
import type { SimulatedServer } from '../../../sim/index.ts';
import { createFansArea, noFaults } from '../../../sim/index.ts';
import type { SensorReading, SensorsCapability } from '../../capabilities/sensors.ts';
import { unsupportedCapabilities } from '../../capabilities-on-demand.ts';
import { createLane } from '../../lane.ts';
import { abortedError, rememberRefusedInMemory } from '../../ports.ts';
import { createQuirks } from '../../quirks/index.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { expectDone, expectFailed, expectUnknown } from '../../testing/results.ts';
import type { CommandAnswer, IpmiClient } from './client.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { ipmiFans } from './fans.ts';
import { untilClosed } from './until-closed.ts';

const x10 = { manufacturerId: 10876, productId: 0x0832 };
const optimal = 2;
const asker = { sessionId: 1, userId: 2, privilege: 4, channel: 1, lun: 0 };
const deviceId = {
  deviceId: 1,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  available: true,
  firmwareMajor: 1,
  firmwareMinor: 0,
  ipmiVersion: '2.0',
  additionalSupport: 0,
  auxiliaryFirmware: Buffer.alloc(0),
};

interface Bench {
  id?: { manufacturerId: number; productId: number };
  quirks?: string[];
  /** RPM of the two fans, one to a zone; undefined: not readable. */
  rpm?: (speed: number, zone: number, reads: number) => number | undefined;
}

function build({ id = x10, quirks = [], rpm = (speed) => Math.round(6_000 * speed) }: Bench = {}) {
  const clock = createFakeClock({ automatic: true });
  const faults = noFaults();
  const server: SimulatedServer = { powerOn: true, onPower: new Set() };
  const area = createFansArea({
    clock,
    faults,
    server,
    random: (length) => Buffer.alloc(length),
    users: [],
    guid: Buffer.alloc(16),
    reset: () => undefined,
  });
  const asked: string[] = [];
  /** Nothing is answered until the caller gives up. */
  const silent = { on: false };
  const peer = { name: 'b1', address: '192.0.2.1', port: 623, credentialName: 'c' };
  function ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<CommandAnswer<Response>> {
    signal?.throwIfAborted();
    const bytes = command.encodeRequest(request);
    if (silent.on) {
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(abortedError(signal))));
    }
    if (command.name === getDeviceId.name) {
      const device = getDeviceId.encodeResponse({ ...deviceId, ...id });
      return Promise.resolve({ value: command.decodeResponse(device) });
    }
    asked.push(
      `${command.networkFunction.toString(16)}/${command.command.toString(16)} ${Buffer.from(bytes).toString('hex')}`,
    );
    const found = area.handlers.find(
      (handler) => handler.networkFunction === command.networkFunction && handler.command === command.command,
    );
    const answer = found?.handle(bytes, asker) ?? { completionCode: 0xc1, data: Buffer.alloc(0) };
    const code = answer.completionCode;
    if (code !== 0) return Promise.resolve({ refused: { completionCode: code, text: completionCodeText(code) } });
    return Promise.resolve({ value: command.decodeResponse(answer.data) });
  }
  const client: IpmiClient = {
    ask,
    async run(command, request, signal) {
      const answer = await ask(command, request, signal);
      if ('value' in answer) return answer.value;
      throw refusedError(peer, command.name, answer.refused);
    },
    session: undefined,
    hold: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const lane = createLane('b1', {
    clock,
    randomBytes: (length) => Buffer.alloc(length),
    refusedCredentials: rememberRefusedInMemory(),
  });
  const context: IpmiContext = { peer, client, lane, clock, quirks: createQuirks('b1', quirks) };
  let reads = 0;
  const sensors: SensorsCapability = {
    ...unsupportedCapabilities('ipmi', 'none').sensors,
    list() {
      reads += 1;
      const value = [0, 1].flatMap((zone): SensorReading[] => {
        const read = rpm(server.fanSpeed?.(zone) ?? 1, zone, reads);
        const name = `Fan ${zone + 1}`;
        const rest = { type: 'Fan', entity: '', health: 'ok', thresholds: {}, unavailable: undefined } as const;
        return [{ name, id: name, value: read, unit: 'RPM', states: [], ...rest }];
      });
      return Promise.resolve({ outcome: 'done', value, driver: 'ipmi', evidence: [] });
    },
  };
  const open = untilClosed();
  return { area, faults, clock, asked, lane, open, silent, fans: ipmiFans(context, sensors, open) };
}

describe('a duty', () => {
  it('is done when the fans have moved, with each before and after', async () => {
    const { fans, area } = build();
    const { value, evidence } = expectDone(await fans.setDuty({ percent: 70 }));
    expect(value.tachometers).toEqual([
      { name: 'Fan 1', beforeRpm: 6_000, rpm: 12_000, follows: true },
      { name: 'Fan 2', beforeRpm: 6_000, rpm: 12_000, follows: true },
    ]);
    expect(evidence.map(({ detail }) => detail)).toContain('6000 → 12000 RPM: follows');
    expect(area.mode()).toBe(1);
    expectDone(await fans.setDuty({ percent: 40 }));
  });

  it('fails where it reads back and no fan follows, and the automatic mode is restored', async () => {
    const { fans, area, faults } = build();
    faults.fans = 'ignored';
    const { error, evidence } = expectFailed(await fans.setDuty({ percent: 70 }));
    expect(error.message).toContain('no fan followed within 20 s: Fan 1 6000 → 6000 RPM');
    expect(evidence.map(({ source, detail }) => `${source}: ${detail}`)).toEqual(
      expect.arrayContaining([
        'fan duty of cpu: 70 %: 70 % read back',
        'tachometer Fan 1: 6000 → 6000 RPM: does not follow',
        'fan mode automatic: confirmed by the BMC',
      ]),
    );
    expect(area.mode()).toBe(optimal);
    expect(expectFailed(await fans.setMode('full')).error.message).toContain('confirmed the mode full');
    expect(area.mode()).toBe(optimal);
  });

  it('fails where the fans stay at the full speed that manual mode begins with', async () => {
    const { fans, area } = build({ rpm: (speed) => (speed === 1 ? 6_000 : 17_000) });
    expect(expectFailed(await fans.setDuty({ percent: 40 })).error.message).toContain('no fan followed');
    expect(area.duties()).toEqual([35, 35]);
  });

  it('waits for slow fans, within its time', async () => {
    const slow = (speed: number, _zone: number, reads: number) => (reads < 8 ? 6_000 : Math.round(6_000 * speed));
    expectDone(await build({ rpm: slow }).fans.setDuty({ percent: 70 }));
    expectFailed(await build({ rpm: slow }).fans.setDuty({ percent: 70 }, { deadlineMs: 3_000 }));
  });

  it('rests on the BMC alone, and says so, where no tachometer can be read or none turns', async () => {
    for (const [rpm, words] of [
      [() => undefined, 'none can be read'],
      [() => 0, 'no fan turns'],
      [(_speed: number, _zone: number, reads: number) => (reads < 2 ? 6_000 : undefined), 'none can be read any more'],
    ] as const) {
      const { evidence } = expectDone(await build({ rpm }).fans.setDuty({ percent: 70 }));
      expect(evidence.map(({ detail }) => detail).join()).toContain(`${words}: the duty of 70 % rests on what the BMC`);
    }
  });

  it('that reads back otherwise has failed', async () => {
    const { fans, area, faults } = build();
    faults.fans = 'reads wrong';
    expect(expectFailed(await fans.setDuty({ percent: 40 })).error.message).toContain('cpu reads 8 %');
    expect(area.mode()).toBe(optimal);
  });

  it('of a BMC that tells none is unknown where no fan moves', async () => {
    const dell = build({ id: { manufacturerId: 674, productId: 256 } });
    expectDone(await dell.fans.setDuty({ percent: 70 }));
    expect(expectUnknown(await dell.fans.setDuty({ percent: 70 })).error.message).toContain('no fan changed its speed');
    expectDone(await dell.fans.setMode('automatic'));
    expect(dell.area.duties()).toEqual([35, 35]);
  });
});

describe('a held duty', () => {
  it('is set again only where it was lost, and ends with the automatic mode', async () => {
    const { fans, area, asked } = build();
    const sets = () => asked.filter((one) => one.startsWith('30/70 6601')).length;
    const interrupted = new AbortController();
    const held = fans.hold({ percent: 55 }, { signal: interrupted.signal });
    await expect.poll(() => asked.filter((one) => one === '30/45 00').length).toBeGreaterThan(3);
    expect([sets(), area.duties()]).toEqual([2, [55, 55]]);
    // As if the BMC had restarted.
    area.handlers.find(({ command }) => command === 0x45)?.handle(Buffer.of(1, optimal), asker);
    await expect.poll(sets).toBe(4);
    expect(area.duties()).toEqual([55, 55]);
    interrupted.abort();
    const { value, evidence } = expectDone(await held);
    expect(value.mode).toBe('optimal');
    expect(evidence.map(({ detail }) => detail)).toContain('set again 1 times, for the BMC had dropped it');
    expect([area.mode(), area.duties()]).toEqual([optimal, [35, 35]]);
  });

  it('ends by itself when its time is over, and at once where no fan follows', async () => {
    const { fans, area, faults } = build();
    expect(expectDone(await fans.hold({ percent: 55 }, { deadlineMs: 90_000 })).value.duties).toHaveLength(2);
    expect(area.mode()).toBe(optimal);
    faults.fans = 'ignored';
    expectFailed(await fans.hold({ percent: 55 }));
    expect(area.mode()).toBe(optimal);
  });
});

describe('the end of a held duty', () => {
  async function startHolding() {
    const bench = build();
    const interrupted = new AbortController();
    const held = bench.fans.hold({ percent: 55 }, { signal: interrupted.signal });
    await expect.poll(() => bench.asked.filter((one) => one === '30/45 00').length).toBeGreaterThan(3);
    return { ...bench, held, interrupt: () => interrupted.abort() };
  }

  it('comes before the BMC is closed, and leaves the automatic mode', async () => {
    const { open, held, area, fans, asked } = await startHolding();
    await open.close();
    expect([area.mode(), area.duties()]).toEqual([optimal, [35, 35]]);
    expectDone(await held);
    const sent = asked.length;
    expectFailed(await fans.hold({ percent: 55 }));
    expect(asked).toHaveLength(sent);
  });

  it('restores the automatic mode although as many changes wait as can', async () => {
    const { lane, held, area, interrupt } = await startHolding();
    const blocked = new Promise(() => undefined);
    for (let count = 0; count < 101; count += 1) void lane.change(() => blocked).catch(() => undefined);
    interrupt();
    expectDone(await held);
    expect(area.mode()).toBe(optimal);
  });

  it('is in doubt when the BMC has not answered in time, by the clock of the room', async () => {
    const { clock, silent, held, interrupt } = await startHolding();
    silent.on = true;
    interrupt();
    const before = clock.monotonic();
    expect(expectUnknown(await held).error.message).toContain('may not be automatic again');
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(30_000);
  });
});

describe('fan control of Supermicro', () => {
  it('is not guessed for boards before X10, where another scale would be dangerous', async () => {
    for (const productId of [1572, 1576, 1603, 4, 43025]) {
      const { fans, asked } = build({ id: { manufacturerId: 10876, productId } });
      expect(await fans.setDuty({ percent: 50 })).toMatchObject({ outcome: 'unsupported' });
      expect(asked).toEqual([]);
    }
    expect(await build({ id: { ...x10, manufacturerId: 47488 } }).fans.get()).toMatchObject({ outcome: 'unsupported' });
  });

  it('of X9 is named by hand: other commands, counted to 255', async () => {
    const { fans, asked } = build({ id: { manufacturerId: 47488, productId: 1572 }, quirks: ['supermicrox9fans'] });
    expect(expectDone(await fans.setDuty({ percent: 80 })).value.control).toBe('supermicro-x9');
    expect(asked).toContain('30/91 5a0310cc');
    expect(asked.some((one) => one.startsWith('30/70'))).toBe(false);
  });

  it('of X10 named for a board that counts to 255 is refused before anything is written', async () => {
    const { fans, area, asked } = build();
    area.handlers.find(({ command }) => command === 0x91)?.handle(Buffer.of(0x5a, 3, 0x10, 0xff), asker);
    const raw = area.handlers.find(({ command }) => command === 0x70);
    if (raw === undefined) throw new Error('no duty');
    raw.handle = () => ({ completionCode: 0, data: Buffer.of(0xff) });
    expect(await fans.setDuty({ percent: 50 })).toMatchObject({ outcome: 'unsupported' });
    expect(asked.filter((one) => !one.startsWith('30/70 6600'))).toEqual([]);
  });
});
