import { describe, expect, it } from 'vitest';
import { formatMac, messageTypeName, messageTypeOf } from '../../protocols/dhcp/index.ts';
import { message, serverAddress, startBench } from './bench.fixture.ts';
import { servedNetwork } from './recording.fixture.ts';

const rival = '10.77.0.2';
const offerOf = (server: string, yiaddr = '10.77.0.77') => message('offer', { server, fields: { op: 2, yiaddr } });

describe('watching for rival DHCP servers', () => {
  it('offers nothing before the first look is over', async () => {
    const bench = await startBench({}, { probing: true });
    expect(bench.server.status().state).toBe('probing');
    expect(await bench.receive(message('discover'))).toEqual([]);
    await bench.clock.advance(1_000);
    expect(bench.server.status().state).toBe('serving');
    expect((await bench.receive(message('discover')))[0]?.type).toBe('OFFER');
  });

  it('probes from an address of its own, which it never serves', async () => {
    const bench = await startBench();
    const macs = new Set(bench.probes.map((probe) => formatMac(probe.hardwareAddress)));
    expect([...macs]).toEqual(['aa:ab:ab:ab:ab:ab']);
    expect(bench.probes.map((probe) => messageTypeName(messageTypeOf(probe))).slice(0, 2)).toEqual([
      'INFORM',
      'DISCOVER',
    ]);
    for (const probe of bench.probes) expect(await bench.receive(probe)).toEqual([]);
    expect(bench.backend.events).toEqual([]);
  });

  it('blocks on an OFFER, ACK or NAK of another server, and names it', async () => {
    for (const type of ['offer', 'ack', 'nak'] as const) {
      const bench = await startBench();
      bench.overhear(message(type, { server: rival, fields: { op: 2, yiaddr: '10.77.0.77' } }), rival);
      expect(bench.server.status()).toMatchObject({ state: 'blocked', rival });
      expect(await bench.receive(message('discover'))).toEqual([]);
      expect(bench.backend.events).toEqual([]);
    }
  });

  it('is not fooled by its own answers, by clients, or by a ProxyDHCP server', async () => {
    const bench = await startBench();
    bench.overhear(offerOf(serverAddress), serverAddress);
    bench.overhear(message('discover'), '0.0.0.0');
    bench.overhear(offerOf(rival, '0.0.0.0'), rival);
    expect(bench.server.status().state).toBe('serving');
  });

  it('resumes alone once the rival has been silent, but not while it answers probes', async () => {
    const bench = await startBench();
    bench.overhear(offerOf(rival), rival);
    for (let round = 0; round < 10; round += 1) {
      await bench.clock.advance(5_000);
      bench.overhear(offerOf(rival), rival);
      expect(bench.server.status()).toMatchObject({ state: 'blocked', rival });
    }
    const probes = bench.probes.length;
    await bench.clock.advance(20_000);
    expect(bench.probes.length).toBeGreaterThan(probes);
    expect(bench.server.status()).toMatchObject({ state: 'serving' });
    expect(bench.server.status().rival).toBeUndefined();
    expect(bench.backend.statuses.map(({ state }) => state)).toEqual(['probing', 'serving', 'blocked', 'serving']);
  });

  it('spares a rival that answers INFORM the DISCOVER', async () => {
    const bench = await startBench();
    const answer = message('ack', { server: rival, fields: { op: 2 } });
    bench.overhear(answer, rival);
    const probes = bench.probes.length;
    for (let round = 0; round < 5; round += 1) {
      await bench.clock.advance(5_000);
      bench.overhear(answer, rival);
    }
    const sent = bench.probes.slice(probes).map((probe) => messageTypeName(messageTypeOf(probe)));
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(sent)).toEqual(new Set(['INFORM']));
  });

  it('serves beside a rival when allowed, still naming it', async () => {
    const bench = await startBench({ allowRival: true });
    bench.overhear(offerOf(rival), rival);
    expect(bench.server.status()).toMatchObject({ state: 'serving', rival });
    expect((await bench.receive(message('discover')))[0]?.type).toBe('OFFER');
    bench.server.reconfigure(servedNetwork());
    expect(bench.server.status()).toMatchObject({ state: 'blocked', rival });
  });

  it('does not acknowledge a lease when it is blocked while storing it', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    const release = bench.store.holdBack();
    await bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100' }));
    bench.overhear(offerOf(rival), rival);
    release();
    await bench.clock.advance(0);
    expect(bench.sent()).toEqual([]);
  });

  it('stops for good when the server is stopped', async () => {
    const bench = await startBench();
    await bench.server.stop();
    const probes = bench.probes.length;
    bench.overhear(offerOf(rival), rival);
    await bench.clock.advance(600_000);
    expect(bench.probes.length).toBe(probes);
    expect(bench.server.status().state).toBe('stopped');
  });
});
