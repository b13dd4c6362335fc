/** Real DHCP clients in namespaces of their own get, renew and give back leases. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemBootClock } from '../boot-ports.ts';
import { createDhcpServer, type DhcpServer, type ServedNetwork } from './index.ts';
import {
  type RecordingBackend,
  type RecordingStore,
  recordingBackend,
  recordingLogger,
  recordingStore,
  servedNetwork,
} from './recording.fixture.ts';
import { makeSegment, type Program, run, type Segment, type Station } from './segment.fixture.ts';

let directory: string;
let udhcpcScript: string;
let segment: Segment;
let unserved: Segment;
let one: Station;
let two: Station;
let other: Station;
let server: DhcpServer | undefined;
let backend: RecordingBackend;
let store: RecordingStore;

const network = (changes: Partial<ServedNetwork> = {}): ServedNetwork =>
  servedNetwork({ interface: segment.bridge, ...changes });

async function serve(changes: Partial<ServedNetwork> = {}): Promise<DhcpServer> {
  backend = recordingBackend();
  store = recordingStore();
  server = createDhcpServer({
    network: network(changes),
    leases: store,
    backend,
    clock: systemBootClock,
    random: randomBytes,
    logger: recordingLogger(),
    timing: { probeWait: 200 },
  });
  await server.start();
  await backend.state('serving');
  return server;
}

const udhcpc = (station: Station, ...more: string[]): Program =>
  station.start('udhcpc', '-f', '-i', 'eth0', '-s', udhcpcScript, '-t', '5', '-T', '2', ...more);

const dhclient = (station: Station, leases: string): Program =>
  station.start(
    'dhclient',
    ...`-4 -d -v -1 -sf ${udhcpcScript} -lf ${join(directory, leases)} -pf ${directory}/pid eth0`.split(' '),
  );

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'athanor-dhcp-'));
  udhcpcScript = join(directory, 'configure');
  // udhcpc passes its reason as argument, dhclient in $reason; the address comes as $ip or $new_ip_address.
  writeFileSync(
    udhcpcScript,
    `#!/bin/sh
case "$1$reason" in
deconfig|PREINIT) ip address flush dev $interface; ip link set $interface up;;
bound|renew|BOUND|RENEW|REBOOT)
  address=$ip$new_ip_address
  ip address replace $address/24 dev $interface
  echo "CONFIGURED $1$reason $address router=$router$new_routers domain=$domain$new_domain_name host=$hostname$new_host_name";;
esac
`,
  );
  chmodSync(udhcpcScript, 0o755);
  segment = makeSegment('br0', '10.77.0.1');
  unserved = makeSegment('br1', '10.88.0.1');
  one = segment.attach('one', '52:54:00:00:00:01');
  two = segment.attach('two', '52:54:00:00:00:02');
  other = unserved.attach('other', '52:54:00:00:00:03');
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  for (const station of [one, two]) run('ip', '-n', station.namespace, 'address', 'flush', 'dev', 'eth0');
});

afterAll(async () => {
  await segment?.remove();
  await unserved?.remove();
  rmSync(directory, { recursive: true, force: true });
});

describe('udhcpc', () => {
  it('gets a lease of the range, renews it and gives it back', async () => {
    await serve();
    const client = udhcpc(one, '-R');
    expect(await client.says(/CONFIGURED bound/)).toContain(
      'CONFIGURED bound 10.77.0.100 router=10.77.0.1 domain=rack.test',
    );
    expect(store.leases.get(one.mac)).toMatchObject({ address: '10.77.0.100', state: 'bound' });

    const before = backend.events.length;
    client.signal('SIGUSR1');
    expect((await backend.event((event) => event.type === 'ACK', before)).address).toBe('10.77.0.100');
    await client.says(/CONFIGURED renew 10\.77\.0\.100/);

    client.signal('SIGTERM');
    await backend.event((event) => event.type === 'RELEASE');
    await client.ended;
    expect(store.leases.get(one.mac)?.state).toBe('released');
  });

  it('gets the reserved address and name, and another machine does not', async () => {
    const reservation = { mac: one.mac, address: '10.77.0.100', hostname: 'node-1' };
    await serve({ reservations: [reservation] });
    const stranger = udhcpc(two, '-q');
    expect(await stranger.says(/CONFIGURED bound/)).toContain(' 10.77.0.101 ');
    const client = udhcpc(one, '-q', '-O', 'hostname');
    const line = await client.says(/CONFIGURED bound/);
    expect(line).toContain(' 10.77.0.100 ');
    expect(line).toContain('host=node-1');
    await Promise.all([client.ended, stranger.ended]);
  });

  it('is not offered an address that another machine uses', async () => {
    run('ip', '-n', two.namespace, 'address', 'add', '10.77.0.100/24', 'dev', 'eth0');
    await serve();
    const client = udhcpc(one, '-q');
    expect(await client.says(/CONFIGURED bound/)).toContain(' 10.77.0.101 ');
    expect(await backend.event((event) => event.type === 'CONFLICT')).toMatchObject({
      address: '10.77.0.100',
      detail: `in use by ${two.mac}`,
    });
    await client.ended;
  });

  it('gets no ACK before the lease is stored', async () => {
    await serve();
    const release = store.holdBack();
    const client = udhcpc(one, '-q');
    await backend.event((event) => event.type === 'REQUEST');
    // The client asks again because it heard nothing.
    await client.says(/broadcasting select/, 2);
    expect(backend.events.some((event) => event.type === 'ACK')).toBe(false);
    expect(client.output()).not.toContain('CONFIGURED bound');
    release();
    await client.says(/CONFIGURED bound/);
    expect(store.leases.get(one.mac)?.state).toBe('bound');
    await client.ended;
  });
});

describe('dhclient', () => {
  it('gets a lease, and gets it again when it starts anew', async () => {
    await serve();
    const first = dhclient(two, 'again');
    await first.says(/bound to 10\.77\.0\.100/);
    await first.stop();
    const before = backend.events.length;
    const second = dhclient(two, 'again');
    await second.says(/bound to 10\.77\.0\.100/);
    // INIT-REBOOT: it asks for its old address without a DISCOVER.
    expect(backend.events.slice(before).map((event) => event.type)).toEqual(['REQUEST', 'ACK']);
    await second.stop();
  });

  it('is refused an address of before a reconfiguration and gets one of the new range', async () => {
    const running = await serve();
    const first = dhclient(two, 'refused');
    await first.says(/bound to 10\.77\.0\.10\d/);
    await first.stop();
    running.reconfigure(network({ ranges: [{ first: '10.77.0.200', last: '10.77.0.209' }] }));
    const second = dhclient(two, 'refused');
    await second.says(/bound to 10\.77\.0\.200/);
    expect(backend.events.some((event) => event.type === 'NAK')).toBe(true);
    await second.stop();
  });
});

describe('an interface that is not served', () => {
  it('gets not one byte, while the served one beside it is answered', async () => {
    await serve({ routerAdvertisement: true });
    const before = other.counters();
    const servedBefore = one.counters();
    const client = udhcpc(other, '-n', '-t', '3', '-T', '1');
    const served = udhcpc(one, '-q');
    await client.says(/broadcasting discover/);
    expect(await client.ended).not.toBe(0);
    await served.ended;
    const after = other.counters();
    expect(after.sent).toBeGreaterThan(before.sent);
    expect(after.received - before.received).toBe(0);
    expect(one.counters().received).toBeGreaterThan(servedBefore.received);
    expect(backend.events.some((event) => event.client.mac === other.mac)).toBe(false);
  });
});
