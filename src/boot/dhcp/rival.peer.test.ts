/** Beside dnsmasq, a DHCP server that nobody told us about. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemBootClock } from '../boot-ports.ts';
import { createDhcpServer, type DhcpServer, type ServedNetwork } from './index.ts';
import {
  type RecordingBackend,
  recordingBackend,
  recordingLogger,
  recordingStore,
  servedNetwork,
} from './recording.fixture.ts';
import { makeSegment, type Program, run, type Segment, type Station } from './segment.fixture.ts';

const rivalAddress = '10.77.0.2';
let segment: Segment;
let client: Station;
let rivalStation: Station;
let server: DhcpServer | undefined;
let rival: Program | undefined;
let backend: RecordingBackend;

/** dnsmasq as people run it: it pings an address for three seconds before it offers it. */
async function startRival(): Promise<void> {
  rival = rivalStation.start(
    'dnsmasq',
    ...'-k -C /dev/null -p 0 -u root -8 - --log-dhcp --leasefile-ro -F 10.77.0.50,10.77.0.60,1h --pid-file='.split(' '),
  );
  await rival.says(/DHCP, sockets bound|DHCP, IP range/);
}

async function start(changes: Partial<ServedNetwork> = {}): Promise<void> {
  backend = recordingBackend();
  server = createDhcpServer({
    network: servedNetwork({ interface: segment.bridge, ...changes }),
    leases: recordingStore(),
    backend,
    clock: systemBootClock,
    random: randomBytes,
    logger: recordingLogger(),
    timing: { probeWhileServing: 1_000, probeWhileBlocked: 500, rivalSilence: 4_000 },
  });
  await server.start();
}

/** `-s /bin/true`: the lease is only looked at. */
const udhcpc = (): Program => client.start('udhcpc', '-f', '-q', '-i', 'eth0', '-s', '/bin/true', '-t', '8', '-T', '2');

beforeAll(() => {
  segment = makeSegment('br0', '10.77.0.1');
  client = segment.attach('client', '52:54:00:00:00:01');
  rivalStation = segment.attach('rival', '52:54:00:00:00:02');
  run('ip', '-n', 'rival', 'address', 'add', `${rivalAddress}/24`, 'dev', 'eth0');
});

afterEach(async () => {
  await server?.stop();
  await rival?.stop();
});

afterAll(async () => {
  await segment?.remove();
});

describe('beside a rival DHCP server', () => {
  it('keeps silent, names it, and serves alone when it has gone', async () => {
    await startRival();
    await start();
    expect(await backend.state('blocked')).toMatchObject({ rival: rivalAddress });
    // Never while it was still looking for rivals.
    expect(backend.statuses.map((status) => status.state)).toEqual(['probing', 'blocked']);
    const theirs = udhcpc();
    expect(await theirs.says(/lease of .* obtained/)).toContain(`obtained from ${rivalAddress}`);
    expect(backend.events).toEqual([]);
    expect(server?.status()).toMatchObject({ state: 'blocked', rival: rivalAddress });

    await rival?.stop();
    expect((await backend.state('serving')).rival).toBeUndefined();
    const ours = udhcpc();
    expect(await ours.says(/lease of .* obtained/)).toContain('obtained from 10.77.0.1');
    await Promise.all([theirs.ended, ours.ended]);
  });

  it('falls silent when one appears later', async () => {
    await start();
    await backend.state('serving');
    await startRival();
    expect(await backend.state('blocked')).toMatchObject({ rival: rivalAddress });
  });

  it('answers all the same when that is allowed', async () => {
    await startRival();
    await start({ allowRival: true });
    expect(await backend.state('serving')).toMatchObject({ rival: rivalAddress });
    const asking = udhcpc();
    await backend.event((event) => event.type === 'OFFER' && event.client.mac === client.mac);
    await asking.says(/lease of .* obtained/);
    await asking.ended;
  });

  it('resumes when an operator allows it, and blocks again when no longer', async () => {
    await startRival();
    await start();
    await backend.state('blocked');
    const network = servedNetwork({ interface: segment.bridge });
    server?.reconfigure({ ...network, allowRival: true });
    expect(server?.status()).toMatchObject({ state: 'serving', rival: rivalAddress });
    server?.reconfigure(network);
    expect(server?.status()).toMatchObject({ state: 'blocked', rival: rivalAddress });
  });
});
