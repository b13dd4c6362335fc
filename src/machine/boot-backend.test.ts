import { MOST_DISCOVERED } from './discover-machine.ts';
import { describe, expect, it } from 'vitest';
import { machineStates, stateTable } from './index.ts';
import { bootAnswer, netboot, send, takeLease } from './testing/scripted-machine.ts';
import { hardware, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const stranger = { mac: '52:54:00:00:00:99', address: '10.0.0.99', uuid: hardware.uuid };
const ask = { network: 'lab', serverUrl: 'http://10.0.0.1' };

describe('what a booting machine is told', () => {
  it('is the ramdisk for a MAC that nobody knows, and many packets of it make one machine', async () => {
    const { bench } = await rack();
    expect(bootAnswer(bench, stranger).kind).toBe('ramdisk');
    const client = { mac: stranger.mac, network: 'lab', kind: 'firmware-pxe' as const, architecture: 7 };
    for (let packets = 0; packets < 5; packets += 1)
      bench.backend.dhcpSeen?.({ type: 'DISCOVER', at: bench.now(), client });
    bench.backend.seen({ kind: 'loader', time: bench.now(), network: 'lab', address: '10.0.0.99', mac: stranger.mac });
    const tickets = [stranger, stranger].map(
      async ({ mac, address }) => await bench.backend.ticket({ ...ask, mac, address }),
    );
    const given = await Promise.all(tickets);
    expect(new Set(given).size).toBe(2);
    const discovered = await bench.events('machine.discovered');
    expect(discovered.map(({ data }) => data)).toMatchObject([{ mac: stranger.mac, network: 'lab', architecture: 7 }]);
    const inspections = await bench.operations.list({ kind: 'inspect-machine' });
    expect(inspections.map(({ machineId }) => machineId)).toEqual([discovered[0]?.subject.id]);
    expect(bench.errors).toEqual([]);
  });

  it('takes in no flood of invented MACs', async () => {
    const { bench } = await rack();
    const { db } = bench.store;
    const idle = { state: 'discovered', state_since: 0, maintenance: 0, power: 'on', revision: 1 } as const;
    for (let made = 0; made < MOST_DISCOVERED; made += 100)
      await db
        .insertInto('machines')
        .values(
          Array.from({ length: 100 }, (_, at) => ({ id: `m${made + at}`, ...idle, created_at: 0, updated_at: 0 })),
        )
        .execute();
    const { mac, address } = stranger;
    await expect(bench.backend.ticket({ ...ask, mac, address })).rejects.toMatchObject({ code: 'too-many-requests' });
    expect(await bench.events('machine.discovered')).toEqual([]);
  });

  it('is silent about an operating system that only wants an address', async () => {
    const { bench } = await rack();
    await takeLease(bench, stranger, 'none');
    expect(bench.directory.find(stranger.mac)).toBeUndefined();
    expect(await bench.events('machine.discovered')).toEqual([]);
  });

  it.each(machineStates)('is what the state table says in %s, and only a ramdisk gets a ticket', async (state) => {
    const { bench } = await rack({ machine: { state } });
    expect(bootAnswer(bench, hardware).kind).toBe(stateTable[state].netboot);
    const { mac, address } = hardware;
    const ticket = await bench.backend.ticket({ ...ask, mac, address });
    expect(ticket !== undefined).toBe(stateTable[state].netboot === 'ramdisk');
    if (ticket !== undefined) expect(ticket).toMatch(/^server=http:\/\/10\.0\.0\.1\nticket=[\w-]{43}\n$/);
  });

  it('follows the history: from the disk that is written on, the disk', async () => {
    const { bench } = await rack({
      work: async (ramdisk) => {
        await ramdisk.task();
        expect(bootAnswer(bench, hardware).kind).toBe('ramdisk');
        await ramdisk.write();
        // The answer to `complete` says reboot: from that moment on it must be the disk.
        expect(bootAnswer(bench, hardware).kind).toBe('local-disk');
        expect(await netboot(bench, hardware)).toBeUndefined();
      },
    });
    const operation = await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os', hostname: 'web-1' }));
    expect(operation.failure).toBeUndefined();
    expect(bench.backend.hostname?.(hardware.mac)).toBe('web-1');
    expect(bench.errors).toEqual([]);
  });

  it('sends an idle machine in the ramdisk to sleep, and hears no token from another address', async () => {
    const { bench } = await rack();
    const ramdisk = await netboot(bench, hardware);
    expect(await ramdisk?.task()).toEqual({ task: 'power-off' });
    const elsewhere = { ...hardware, address: '10.0.0.66' };
    expect(await send(bench, elsewhere, ramdisk?.token, 'GET', 'task')).toMatchObject({ status: 401 });
  });

  it('does not let an older boot go on beside a newer one', async () => {
    const { bench } = await rack({ machine: { state: 'failed' } });
    const older = await netboot(bench, hardware);
    await netboot(bench, hardware);
    for (const [method, endpoint] of [
      ['GET', 'task'],
      ['GET', 'image'],
      ['POST', 'inventory'],
      ['POST', 'progress'],
      ['POST', 'complete'],
      ['POST', 'failed'],
    ] as const)
      expect(await older?.ask(method, endpoint, {})).toMatchObject({ status: 409, body: { code: 'outdated-attempt' } });
  });
});
