/** The event log of a recorded server and of our simulator, record by record as ipmitool and FreeIPMI print it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedBmc } from '../sim/index.ts';
import { recordings } from '../../tools/recordings.ts';
import { freeipmi, ipmitool, startTestBmc } from '../sim/testing/real-clients.ts';
import { findBmcCommand } from './commands/table.ts';
import type { Bmc, SystemEventLogEntry } from './index.ts';
import { openBmc } from './index.ts';
import { parseElist, parseIpmiSel, parseVerboseList } from './testing/event-log-listings.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

const folder = recordings('ipmi');

function open(port: number): Bmc {
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  return openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

/** FreeIPMI's words where they are not the specification's. */
const otherWords: Readonly<Record<string, string>> = {
  'Uncorrectable memory error': 'Uncorrectable ECC / other uncorrectable memory error',
  'Correctable memory error': 'Correctable ECC / other correctable memory error',
};

function words(freeipmiEvent: string): string {
  const [first = ''] = freeipmiEvent.split(' ; ');
  return otherWords[first] ?? first;
}

const severities: Readonly<Record<string, SystemEventLogEntry['severity']>> = {
  Nominal: 'information',
  Warning: 'warning',
  Critical: 'critical',
};

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Every byte of an entry against ipmitool's. */
function expectSameRecords(entries: readonly SystemEventLogEntry[], printed: string): void {
  const theirs = parseVerboseList(printed);
  expect(entries.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
  for (const [index, entry] of entries.entries()) {
    const fields = theirs[index]?.fields ?? {};
    const raw = Buffer.from(entry.raw, 'hex');
    expect(raw.subarray(2, 3).toString('hex')).toBe(fields['Record Type']?.slice(0, 2));
    if (entry.kind !== 'event') continue;
    expect(`00${raw.subarray(7, 8).toString('hex')}`).toBe(fields['Generator ID']);
    expect(entry.sensor?.number).toBe(Number.parseInt(fields['Sensor Number'] ?? '', 16));
    expect(entry.asserted).toBe(fields['Event Direction'] === 'Assertion Event');
    expect(raw.subarray(13, 16).toString('hex')).toBe(fields['Event Data']?.slice(0, 6));
  }
}

describe.runIf(folder)('the event log of a recorded server', () => {
  let sim: IpmiSim;
  let bmc: Bmc;
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'event-log-'));
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', 'dell_r730.emu') });
    bmc = open(sim.port);
    await addByIpmitool('0x04 0x0c 0x53 0x6f 0xa1 0x01 0x02 # ECC', '0x04 0x01 0x04 0x01 0x59 0x60 0x50 # too hot');
  });
  afterAll(async () => {
    await bmc.close();
    await sim.stop();
    await rm(scratch, { recursive: true });
  });

  async function addByIpmitool(...lines: string[]): Promise<void> {
    const file = join(scratch, 'events.txt');
    await writeFile(file, `${lines.join('\n')}\n`);
    await sim.ipmitool('sel', 'add', file);
  }

  it('is read as both clients read it', async () => {
    const { entries, restarted } = expectDone(await bmc.systemEventLog.list()).value;
    expect(restarted).toBe(false);
    expect(entries.length).toBeGreaterThan(40);
    expectSameRecords(entries, await sim.ipmitool('-v', 'sel', 'list'));

    const byIpmitool = parseElist(await sim.ipmitool('sel', 'elist'));
    const byFreeipmi = parseIpmiSel(
      await sim.freeipmi('ipmi-sel', '--output-event-state', '--comma-separated-output', '--no-header-output'),
    );
    expect(byFreeipmi.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
    for (const [index, entry] of entries.entries()) {
      const theirs = byFreeipmi[index];
      const elist = byIpmitool[index];
      if (theirs === undefined || elist === undefined) throw new Error(`entry ${entry.id} is missing`);
      expect([entry.id, entry.event]).toEqual([entry.id, words(theirs.event)]);
      // It grades nothing of a sensor of an OEM type; the event itself is a generic one.
      if (theirs.type !== 'OEM Reserved')
        expect([entry.id, entry.severity]).toEqual([entry.id, severities[theirs.state]]);
      if (theirs.type !== 'OEM Reserved') expect(entry.sensor?.type).toBe(theirs.type);
      const name = entry.sensor?.name;
      // Both tools name shared sensors in ways of their own: one of them must agree.
      if (name === undefined) expect(theirs.name).toBe(`Sensor #${entry.sensor?.number}`);
      else expect(elist.sensor.endsWith(` ${name}`) || squeezed(theirs.name) === squeezed(name), name).toBe(true);
    }
    expect(entries.slice(-2)).toMatchObject([
      { source: 'system management software', details: ['OEM code 01h', 'second OEM code 02h'] },
      { reading: { value: 0x60, unit: 'raw' }, threshold: { value: 0x50, unit: 'raw' } },
    ]);
  });

  it('is read on from an entry, or from the end', async () => {
    const whole = expectDone(await bmc.systemEventLog.list()).value;
    expect(expectDone(await bmc.systemEventLog.list({ after: whole.cursor })).value).toEqual({
      entries: [],
      cursor: whole.cursor,
      restarted: false,
    });
    await addByIpmitool('0x04 0x0c 0x53 0x6f 0xa1 0x01 0x03 # ECC');
    const more = expectDone(await bmc.systemEventLog.list({ after: whole.cursor })).value;
    expect(more.restarted).toBe(false);
    expect(more.entries.map(({ raw }) => raw.slice(-2))).toEqual(['03']);
    const third = whole.entries.at(-3)?.id;
    const fromId = expectDone(await bmc.systemEventLog.list({ after: third })).value;
    expect(fromId.entries).toEqual([...whole.entries.slice(-2), ...more.entries]);
    expect(expectDone(await bmc.systemEventLog.list({ last: 3 })).value.entries).toEqual(fromId.entries);
  });

  it('says how full it is, as ipmitool does', async () => {
    const info = expectDone(await bmc.systemEventLog.info()).value;
    const printed = await sim.ipmitool('sel', 'info');
    expect(printed).toMatch(new RegExp(`Entries +: ${info.entries}\n`));
    expect(printed).toMatch(new RegExp(`Free Space +: ${info.freeBytes} bytes`));
    expect(printed).toMatch(new RegExp(`Overflow +: ${info.overflowed}\n`));
    expect(printed).toMatch(new RegExp(`Version +: ${info.version} `));
  });

  it('takes the time, which ipmitool reads then', async () => {
    expect(expectDone(await bmc.systemEventLog.time()).value.secondsSinceStart).toBeGreaterThan(0);
    const set = expectDone(await bmc.systemEventLog.setTime(Date.UTC(2026, 0, 31, 12))).value;
    expect(set.at).toMatch(/^2026-01-31T12:00:0\d/);
    expect(await sim.ipmitool('sel', 'time', 'get')).toMatch(/^01\/31\/26 12:00:\d\d UTC/);
    const now = expectDone(await bmc.systemEventLog.setTime()).value;
    expect(Math.abs(now.aheadSeconds ?? 99)).toBeLessThanOrEqual(2);
  });

  it('loses one entry, then all, and ipmitool agrees', async () => {
    const before = expectDone(await bmc.systemEventLog.list()).value;
    const [first] = before.entries;
    expect(expectDone(await bmc.systemEventLog.remove(first?.id ?? '')).value).toEqual(first);
    expect(parseElist(await sim.ipmitool('sel', 'elist'))).toHaveLength(before.entries.length - 1);
    expect(expectFailed(await bmc.systemEventLog.remove(first?.id ?? '')).error.code).toBe('not-found');

    const cleared = expectDone(await bmc.systemEventLog.clear()).value;
    expect(cleared).toMatchObject({ removed: before.entries.length - 1, info: { entries: 0 } });
    expect(await sim.ipmitool('sel', 'info')).toMatch(/Entries +: 0\n/);
    expect(expectDone(await bmc.systemEventLog.clear()).value.removed).toBe(0);

    await addByIpmitool('0x04 0x0c 0x53 0x6f 0xa1 0x01 0x04 # ECC');
    const anew = expectDone(await bmc.systemEventLog.list({ after: before.cursor })).value;
    expect(anew).toMatchObject({ restarted: true, entries: [{ asserted: true }] });
    expect(anew.entries[0]?.at).toMatch(/^\d{4}-/);
  });
});

describe('the event log of our simulator', () => {
  let peer: SimulatedBmc;
  let bmc: Bmc;

  beforeEach(async () => {
    peer = await startTestBmc();
    bmc = open(peer.port);
  });
  afterEach(async () => {
    await bmc.close();
    await peer.stop();
  });
  const log = () => peer.areas.eventLog;
  const list = async () => expectDone(await bmc.systemEventLog.list()).value;

  it('is the same for both clients: clock times, OEM records, units', async () => {
    const { entries } = await list();
    const printed = (await ipmitool(peer, ['-v', 'sel', 'list'])).stdout;
    expectSameRecords(entries, printed);
    const times = parseElist((await ipmitool(peer, ['sel', 'list'])).stdout);
    expect(times).toHaveLength(entries.length);
    for (const [index, { date, time }] of times.entries()) {
      const at = entries[index]?.at;
      if (at !== undefined) expect(at).toBe(isoOf(`${date} ${time}`));
    }
    const { stdout } = await freeipmi(peer, 'ipmi-sel', [
      '--output-event-state',
      '--comma-separated-output',
      '--no-header-output',
      '--sdr-cache-recreate',
      '--quiet-cache',
    ]);
    const byFreeipmi = parseIpmiSel(stdout);
    expect(byFreeipmi.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
    for (const entry of entries) {
      const theirs = byFreeipmi.find(({ id }) => id === entry.id);
      if (entry.kind !== 'event' || theirs === undefined) continue;
      expect(entry.event).toBe(words(theirs.event));
      const shown = [entry.reading, entry.threshold].filter((value) => value !== undefined);
      for (const { value } of shown) expect(theirs.event).toContain(`${value.toFixed(2)} C`);
    }
    expect(entries.find(({ reading }) => reading !== undefined)).toMatchObject({
      sensor: { name: 'CPU1 Temp', number: 0x11, type: 'Temperature' },
      reading: { value: 87, unit: 'degrees C' },
      threshold: { value: 85, unit: 'degrees C' },
    });
    expect(entries.filter(({ kind }) => kind === 'oem')).toMatchObject([
      { manufacturerId: 674, event: 'OEM record C0h: 0123456789AB' },
      { event: 'OEM record E0h: 000102030405060708090A0B0C' },
    ]);
    const [before] = entries;
    expect(before).toMatchObject({ secondsSinceStart: 42, event: 'Log Area Reset/Cleared' });
    expect(before).not.toHaveProperty('at');
  });

  it('is read in parts where it gives no more, though others take the reservation away', async () => {
    const whole = await list();
    log().settings.maximumRead = 5;
    expect(await list()).toEqual(whole);
    const reading = bmc.systemEventLog.list();
    log().loseReservation();
    expect(expectDone(await reading).value).toEqual(whole);
  });

  it('ends where its links lead in a circle', async () => {
    const { entries } = await list();
    log().settings.endless = true;
    const result = expectDone(await bmc.systemEventLog.list());
    expect(result.value.entries).toEqual(entries);
    expect(result.evidence.map(({ detail }) => detail).join('\n')).toMatch(/points back/);
  });

  it('tells that it was cleared, though an entry has the same id as before', async () => {
    const { cursor } = await list();
    log().forget();
    for (let id = 1; id <= 20; id += 1) log().log(Buffer.alloc(16, 0x02));
    expect(expectDone(await bmc.systemEventLog.list({ after: cursor })).value).toMatchObject({ restarted: true });
  });

  it('tells that it overflowed', async () => {
    log().settings.capacity = log().records().length;
    await ipmitool(peer, ['event', '1']);
    expect(expectDone(await bmc.systemEventLog.info()).value).toMatchObject({ overflowed: true, freeBytes: 0 });
    expect((await ipmitool(peer, ['sel', 'info'])).stdout).toMatch(/Overflow +: true/);
  });

  it('is waited for while it is erased, and not believed where it is not', async () => {
    log().settings.eraseMs = 400;
    const { length } = log().records();
    const result = expectDone(await bmc.systemEventLog.clear());
    expect(result.value).toMatchObject({ removed: length, info: { entries: 0 } });
    expect(result.evidence.map(({ detail }) => detail)).toContain('erasure in progress');

    log().log(Buffer.alloc(16, 0x02));
    log().settings.ignoresClear = true;
    expect(expectFailed(await bmc.systemEventLog.clear()).error.message).toMatch(/still has 1 of 1 entries/);
    log().settings.ignoresTime = true;
    expect(expectFailed(await bmc.systemEventLog.setTime(Date.UTC(2030, 0, 1))).error.code).toBe('bmc-refused');
  });

  it('keeps the clock that ipmitool reads, whatever its zone', async () => {
    await bmc.raw.send({ networkFunction: 0x0a, command: 0x5d, data: Buffer.of(0x78, 0x00), idempotent: true });
    const time = expectDone(await bmc.systemEventLog.setTime(Date.UTC(2026, 0, 31, 12))).value;
    expect(time).toMatchObject({ at: expect.stringMatching(/^2026-01-31T12:00:0/) });
    expect((await ipmitool(peer, ['sel', 'time', 'get'])).stdout).toMatch(/01\/31\/2(026|6) 1[24]:00:0/);
  });

  it('keeps one event for system software, once', async () => {
    const none = expectDone(await bmc.systemEventLog.takeBufferedEvent());
    expect(none.value).toEqual([]);
    await ipmitool(peer, ['event', '1']);
    const command = findBmcCommand('events read');
    const taken = expectDone(await bmc.systemEventLog.takeBufferedEvent()).value;
    expect(taken).toMatchObject([
      { sensor: { type: 'Temperature', number: 0x30 }, event: 'Upper Critical - going high' },
    ]);
    expect(command?.present(taken).line).toMatch(/Upper Critical - going high/);
    expect(expectDone(await bmc.systemEventLog.takeBufferedEvent()).value).toEqual([]);
    expect((await list()).entries.at(-1)).toMatchObject({ event: 'Upper Critical - going high' });
  });

  it('is shown in lines and tables', async () => {
    const shown = async (name: string, parameters: object) => {
      const command = findBmcCommand(name);
      if (command === undefined) throw new Error(`no command ${name}`);
      return command.present(expectDone(await command.run(bmc, parameters)).value);
    };
    const { line, table } = await shown('sel list', { last: 4 });
    expect(line).toMatch(/^4 entries, cursor 12-[0-9a-f]{8}$/);
    expect(table?.rows.map(([id, , severity]) => [id, severity])).toContainEqual(['9', 'critical']);
    expect((await shown('sel info', {})).line).toMatch(/^12 entries, \d+ bytes free/);
    expect((await shown('sel delete', { id: '0x9' })).line).toMatch(/^deleted: 9, /);
    expect((await shown('sel clear', {})).line).toMatch(/^11 entries gone, now 0 entries/);
    expect((await shown('sel time set', {})).line).toMatch(/right|ahead|behind/);
    expect((await shown('sel time get', {})).line).toMatch(/right|ahead|behind/);
    expect((await shown('events read', {})).line).toBe('no event is waiting');
  });
});

/** `11/21/26 15:04:49 UTC`. */
function isoOf(printed: string): string {
  const [, month, day, year, time] = /(\d\d)\/(\d\d)\/(\d{2,4}) (\d\d:\d\d:\d\d)/.exec(printed) ?? [];
  return `${year?.length === 2 ? `20${year}` : year}-${month}-${day}T${time}Z`;
}
