/** Platform event traps: what we read in one is what ipmi-pet prints of it, and its acknowledgement is understood. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformEventTrap } from '../protocols/ipmi/index.ts';
import {
  decodePlatformEventTrap,
  decodeSnmpTrap,
  encodePlatformEventTrap,
  encodeSnmpTrap,
  eventText,
  platformEventTrapEnterprise,
  sensorTypeName,
  trapSeverities,
  trapTime,
} from '../protocols/ipmi/index.ts';
import * as realClients from '../sim/testing/real-clients.ts';
import { useCommandBench } from './testing/command-bench.ts';

const { freeipmi } = realClients;
const bench = useCommandBench(realClients);
let cache: string;
beforeAll(async () => {
  // ipmi-pet tells the time where it runs.
  process.env['TZ'] = 'UTC';
  cache = await mkdtemp(join(tmpdir(), 'athanor-pet-'));
});
afterAll(() => rm(cache, { recursive: true }));

const guid = Buffer.from('00010203040506070809aabbccddeeff', 'hex');
const [threshold, sensorSpecific] = [0x01, 0x6f];

const usual: PlatformEventTrap = {
  sensorType: 0x04,
  eventReadingType: threshold,
  deassertion: false,
  offset: 2,
  guid,
  sequence: 7,
  localTimestamp: 900_000_000,
  utcOffsetMinutes: undefined,
  trapSource: 0x20,
  eventSource: 0x20,
  severity: 0x10,
  sensorDevice: 0x20,
  sensorNumber: 0x31,
  entity: 29,
  entityInstance: 1,
  eventData: Buffer.from('5210200000000000', 'hex'),
  language: 25,
  manufacturerId: 10876,
  systemId: 2098,
  oem: Buffer.of(0xc1),
};

/** By the columns of ipmi-pet. */
async function interpreted(trap: PlatformEventTrap): Promise<Record<string, string>> {
  const { stdout, stderr, code } = await petTool(trap, ['-vv', '--output-event-severity', '--comma-separated-output']);
  if (code !== 0) throw new Error(`ipmi-pet: ${stderr}`);
  const [columns = '', values = ''] = stdout.trim().split('\n').slice(-2);
  // It puts two spaces before the number of a sensor that shares its record.
  const words = values.split(',').map((word) => word.replace(/ +/g, ' '));
  return Object.fromEntries(columns.split(',').map((name, index) => [name, words[index] ?? '']));
}

function petTool(trap: PlatformEventTrap, options: readonly string[]) {
  const { specificTrap, variableBinding } = encodePlatformEventTrap(trap);
  const bytes = [...variableBinding].map((byte) => `0x${byte.toString(16)}`);
  const words = [`--sdr-cache-directory=${cache}`, '--quiet-cache', ...options, String(specificTrap), ...bytes];
  return freeipmi(bench.sim, 'ipmi-pet', words);
}

/** As it would be read from the network. */
function received(trap: PlatformEventTrap): PlatformEventTrap {
  const { specificTrap, variableBinding } = encodePlatformEventTrap(trap);
  const name = `${platformEventTrapEnterprise}.1`;
  const packet = encodeSnmpTrap({
    community: 'rack-traps',
    enterprise: platformEventTrapEnterprise,
    agentAddress: '10.77.1.9',
    genericTrap: 6,
    specificTrap,
    uptime: 5,
    variables: [{ name, octets: variableBinding }],
  });
  const snmp = decodeSnmpTrap(packet);
  return decodePlatformEventTrap(snmp.specificTrap, snmp.variables[0]?.octets ?? Buffer.alloc(0));
}

const severities: Readonly<Record<string, string>> = {
  monitor: 'Monitor',
  information: 'Information',
  ok: 'Ok',
  'non-critical': 'Non-critical condition',
  critical: 'Critical condition',
  'non-recoverable': 'Non-recoverable condition',
};
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const cases: readonly [what: string, change: Partial<PlatformEventTrap>, sensor: string][] = [
  ['a fan that is too slow', {}, 'Fan 1'],
  ['its end', { deassertion: true, severity: 0x04 }, 'Fan 1'],
  [
    'a temperature that is too high',
    {
      sensorType: 1,
      offset: 9,
      sensorNumber: 0x11,
      entity: 3,
      severity: 0x20,
      eventData: Buffer.from('5960500000000000', 'hex'),
    },
    'CPU1 Temp',
  ],
  [
    'a power supply that failed',
    {
      sensorType: 8,
      eventReadingType: sensorSpecific,
      offset: 1,
      sensorNumber: 0x50,
      entity: 10,
      eventData: Buffer.from('01ffff0000000000', 'hex'),
    },
    'PS Status 1',
  ],
  [
    'a watchdog, in winter and far away',
    {
      sensorType: 0x23,
      eventReadingType: sensorSpecific,
      offset: 1,
      sensorNumber: 0x7c,
      entity: 6,
      severity: 0x02,
      localTimestamp: 884_000_123,
      manufacturerId: 674,
      systemId: 256,
      eventData: Buffer.from('01ffff0000000000', 'hex'),
    },
    'Watchdog',
  ],
];

describe('a trap', () => {
  it.each(cases)('of %s says what ipmi-pet prints', async (_what, change, sensor) => {
    const trap = received({ ...usual, ...change });
    const printed = await interpreted({ ...usual, ...change });
    const at = new Date(trapTime(trap) ?? Number.NaN);
    const day = String(at.getUTCDate()).padStart(2, '0');
    const event = eventText(trap.eventReadingType, trap.sensorType, trap.offset);
    const severity = Object.entries(trapSeverities).find(([code]) => Number(code) === trap.severity)?.[1] ?? '';
    expect(printed).toMatchObject({
      Date: `${months[at.getUTCMonth()]}-${day}-${at.getUTCFullYear()}`,
      Time: at.toISOString().slice(11, 19),
      Name: sensor,
      Type: sensorTypeName(trap.sensorType),
      'System ID': String(trap.systemId),
      Severity: severities[severity],
      'Event Direction': `${trap.deassertion ? 'Deassertion' : 'Assertion'} Event`,
    });
    expect(printed['GUID']?.replaceAll('-', '')).toBe(Buffer.from(trap.guid).toString('hex'));
    expect(printed['Manufacturer ID']).toContain(trap.manufacturerId === 674 ? 'Dell' : 'Super Micro');
    expect(printed['Event']?.split(' | ')[0]?.toLowerCase()).toBe(event?.toLowerCase());
  });

  it('without a time has none for ipmi-pet either', async () => {
    const trap = received({ ...usual, localTimestamp: 0 });
    expect(trapTime(trap)).toBeUndefined();
    expect((await interpreted({ ...usual, localTimestamp: 0 }))['Date']).toMatch(/unspecified|N\/A/i);
  });

  it('is acknowledged by ipmi-pet with the bytes that our codec reads', async () => {
    const { code, stdout, stderr } = await petTool(usual, ['--pet-acknowledge']);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    const { sequence, localTimestamp, eventSource, sensorDevice, sensorNumber } = received(usual);
    const eventData = Buffer.from(usual.eventData.subarray(0, 3));
    expect(bench.sim.areas.pef.acknowledged).toEqual([
      { sequence, localTimestamp, eventSource, sensorDevice, sensorNumber, eventData },
    ]);
  });
});
