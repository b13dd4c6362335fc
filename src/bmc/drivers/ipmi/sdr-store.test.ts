/** Where records come from, and when they are read anew: against the simulator's sensors, without a session. */
import { describe, expect, it } from 'vitest';
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { completionCodeText } from '../../../protocols/ipmi/index.ts';
import type { SensorsAreaOptions } from '../../../sim/index.ts';
import { createSensorsArea } from '../../../sim/index.ts';
import { cacheSdrsInMemory } from '../../sdr-cache.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { CommandAnswer } from './client.ts';
import { createSdrStore } from './sdr-store.ts';

function build(options: SensorsAreaOptions = {}) {
  const clock = createFakeClock();
  const area = createSensorsArea({ clock, server: { powerOn: true, onPower: new Set() } }, options);
  const asked: string[] = [];
  /** Get SDR is refused from the so-many-th on, as by a BMC that is busy. */
  const busy = { from: Number.POSITIVE_INFINITY };
  const asker = { sessionId: 1, userId: 2, privilege: 4, channel: 1, lun: 0 };
  function ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
  ): Promise<CommandAnswer<Response>> {
    asked.push(command.name);
    if (command.name === 'Get SDR' && asked.length > busy.from) {
      return Promise.resolve({ refused: { completionCode: 0xc3, text: 'Timeout while processing command' } });
    }
    const found = area.handlers.find(
      (handler) => handler.networkFunction === command.networkFunction && handler.command === command.command,
    );
    const answer = found?.handle(command.encodeRequest(request), asker) ?? {
      completionCode: 0xc1,
      data: Buffer.alloc(0),
    };
    const { completionCode: code } = answer;
    if (code !== 0) return Promise.resolve({ refused: { completionCode: code, text: completionCodeText(code) } });
    return Promise.resolve({ value: command.decodeResponse(answer.data) });
  }
  const peer = { name: 'b1', address: '192.0.2.1', port: 623, credentialName: 'c' };
  const context = { peer, client: { ask }, clock, quirks: { has: () => false } };
  const cache = cacheSdrsInMemory();
  const store = createSdrStore(context, cache);
  return { area, clock, store, asked, busy, other: () => createSdrStore(context, cache) };
}

const silent = (): void => undefined;

describe('the store of records', () => {
  it('is the repository, or the device where there is none: the same records either way', async () => {
    const [repository, device] = [build(), build({ deviceOnly: true })];
    const records = await repository.store.readRecords(silent);
    expect(records.length).toBeGreaterThan(20);
    expect(await device.store.readRecords(silent)).toEqual(records);
    expect(device.asked).toContain('Get Device SDR');
    expect(repository.asked).not.toContain('Get Device SDR Info');
    expect(await device.store.info(silent)).toMatchObject({ source: 'device', recordCount: records.length });
    expect(await repository.store.info(silent)).toMatchObject({ source: 'repository', recordCount: records.length });
  });

  it('gives the same where a BMC answers in small parts', async () => {
    const records = await build().store.readRecords(silent);
    expect(await build({ maximumRead: 16 }).store.readRecords(silent)).toEqual(records);
  });

  it('is read once, and anew when the BMC says that it changed', async () => {
    const { area, store, asked, other } = build();
    const before = await store.readRecords(silent);
    asked.length = 0;
    expect(await other().readRecords(silent)).toEqual(before);
    expect(asked).toEqual(['Get SDR Repository Info']);
    area.addRecord({ kind: 'oem', manufacturerId: 1, data: Buffer.of(1) });
    expect(await store.readRecords(silent)).toHaveLength(before.length + 1);
  });

  it('is read anew after a while where the BMC does not say when it changed', async () => {
    const { clock, store, asked } = build({ deviceOnly: true });
    await store.readRecords(silent);
    asked.length = 0;
    await clock.advance(500_000);
    await store.readRecords(silent);
    expect(asked).not.toContain('Get Device SDR');
    await clock.advance(500_000);
    await store.readRecords(silent);
    expect(asked).toContain('Get Device SDR');
  });

  it('is read anew after a while where the BMC did not give all of it, although nothing changed', async () => {
    const { clock, store, asked, busy } = build();
    busy.from = 10;
    const some = await store.readRecords(silent);
    expect(some.length).toBeLessThan(10);
    busy.from = Number.POSITIVE_INFINITY;
    expect(await store.readRecords(silent)).toEqual(some);
    await clock.advance(700_000);
    const all = await store.readRecords(silent);
    expect(all.length).toBeGreaterThan(20);
    asked.length = 0;
    await clock.advance(700_000);
    expect(await store.readRecords(silent)).toEqual(all);
    expect(asked).toEqual(['Get SDR Repository Info']);
  });
});
