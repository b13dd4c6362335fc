import { describe, expect, it } from 'vitest';
import {
  addressListOption,
  addressOption,
  encodeDhcp,
  numberOption,
  option,
  textOption,
} from '../../protocols/dhcp/index.ts';
import { type Bench, clientMac, lease, message, serverAddress, settle, startBench } from './bench.fixture.ts';
import { servedNetwork } from './recording.fixture.ts';

const second = '52:54:00:00:00:02';
const types = (bench: Bench): string[] => bench.backend.events.map((event) => event.type);

describe('DISCOVER and REQUEST', () => {
  it('lead to a lease with everything the network says', async () => {
    const bench = await startBench({ ntp: ['10.77.0.3'], dns: ['10.77.0.1', '9.9.9.9'] });
    const [offer] = await bench.receive(message('discover'));
    expect(offer).toMatchObject({ type: 'OFFER', to: '255.255.255.255:68' });
    const [ack] = await bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100' }));
    if (ack === undefined) throw new Error('no ACK');
    expect(ack).toMatchObject({ type: 'ACK', to: '255.255.255.255:68' });
    expect(ack.packet).toMatchObject({ yiaddr: '10.77.0.100', transactionId: 0x1234, siaddr: '0.0.0.0' });
    expect(addressOption(ack.packet, option.serverIdentifier)).toBe(serverAddress);
    expect(addressOption(ack.packet, option.subnetMask)).toBe('255.255.255.0');
    expect(addressOption(ack.packet, option.router)).toBe('10.77.0.1');
    expect(addressOption(ack.packet, option.broadcastAddress)).toBe('10.77.0.255');
    expect(addressListOption(ack.packet, option.domainNameServer)).toEqual(['10.77.0.1', '9.9.9.9']);
    expect(addressListOption(ack.packet, option.ntpServers)).toEqual(['10.77.0.3']);
    expect(numberOption(ack.packet, option.leaseTime)).toBe(3600);
    expect(numberOption(ack.packet, option.renewalTime)).toBe(1800);
    expect(numberOption(ack.packet, option.rebindingTime)).toBe(3150);
    expect(types(bench)).toEqual(['DISCOVER', 'OFFER', 'REQUEST', 'ACK']);
    expect(bench.store.leases.get(clientMac)).toEqual({
      network: 'provisioning',
      mac: clientMac,
      address: '10.77.0.100',
      expiresAt: bench.clock.now() + 3_600_000,
      state: 'bound',
    });
  });

  it('give one machine one address, whatever client identifier it sends, and echo that', async () => {
    const bench = await startBench();
    const address = await lease(bench);
    const identifier: [number, Uint8Array] = [option.clientIdentifier, Uint8Array.of(255, 1, 2, 3)];
    const [offer] = await bench.receive(message('discover', { options: [identifier] }));
    expect(offer?.packet.yiaddr).toBe(address);
    expect(offer?.packet.options.get(option.clientIdentifier)).toEqual(identifier[1]);
    expect(await lease(bench, second)).not.toBe(address);
  });

  it('are acknowledged only once the lease is stored', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    const release = bench.store.holdBack();
    expect(await bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100' }))).toEqual([]);
    release();
    await settle();
    expect(bench.sent().map((sent) => sent.type)).toEqual(['ACK']);
  });

  it('go unanswered when the lease cannot be stored', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    bench.store.put = () => Promise.reject(new Error('disk full'));
    expect(await bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100' }))).toEqual([]);
    expect(bench.logger.lines.at(-1)?.message).toContain('could not be stored');
    bench.store.put = () => new Promise(() => {});
    await bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100' }));
    await bench.clock.advance(10_000);
    expect(bench.logger.lines.at(-1)?.message).toContain('not stored in time');
    expect(bench.sent()).toEqual([]);
  });

  it('are refused for an address that is not the client’s to have', async () => {
    const bench = await startBench({ reservations: [{ mac: second, address: '10.77.0.101' }] });
    for (const asks of ['10.77.0.101', '10.77.0.50', serverAddress, '192.168.1.1']) {
      const answers = await bench.receive(message('request', { server: serverAddress, asks }));
      expect(answers.map(({ type, to }) => [type, to])).toEqual([['NAK', '255.255.255.255:68']]);
    }
    expect(bench.store.leases.size).toBe(0);
  });

  it('mean nothing to us when the client chose another server', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    await bench.clock.advance(10_000);
    const probes = bench.probes.length;
    expect(await bench.receive(message('request', { server: '10.77.0.2', asks: '10.77.0.50' }))).toEqual([]);
    expect(bench.probes.length).toBeGreaterThan(probes);
    // The address offered to it is free again.
    const [offer] = await bench.receive(message('discover', { mac: second, asks: '10.77.0.100' }));
    expect(offer?.packet.yiaddr).toBe('10.77.0.100');
  });
});

describe('a machine that has a lease', () => {
  it('renews by unicast, and again after the server was restarted', async () => {
    const first = await startBench();
    const address = await lease(first);
    const renewal = message('request', { fields: { ciaddr: address } });
    expect((await first.receive(renewal)).map(({ type, to }) => [type, to])).toEqual([['ACK', `${address}:68`]]);
    const restarted = await startBench({}, { stored: [...first.store.leases.values()] });
    expect((await restarted.receive(renewal)).map(({ type, to }) => [type, to])).toEqual([['ACK', `${address}:68`]]);
    // And nobody else gets it.
    expect(await lease(restarted, second)).not.toBe(address);
  });

  it('gets its address back after a reboot, and a NAK for another', async () => {
    const bench = await startBench();
    const address = await lease(bench);
    expect((await bench.receive(message('request', { asks: address })))[0]?.type).toBe('ACK');
    expect((await bench.receive(message('request', { asks: '10.77.0.105' })))[0]?.type).toBe('NAK');
  });

  it('is left unanswered when rebooting or renewing with a lease of an unknown server', async () => {
    const bench = await startBench();
    expect(await bench.receive(message('request', { asks: '10.77.0.105' }))).toEqual([]);
    expect(await bench.receive(message('request', { fields: { ciaddr: '10.77.0.105' } }))).toEqual([]);
  });

  it('may release it, but nobody else may', async () => {
    const bench = await startBench({ ranges: [{ first: '10.77.0.100', last: '10.77.0.100' }] });
    const address = await lease(bench);
    await bench.receive(message('release', { mac: second, server: serverAddress, fields: { ciaddr: address } }));
    expect(await bench.receive(message('discover', { mac: second }))).toEqual([]);
    await bench.receive(message('release', { server: serverAddress, fields: { ciaddr: '10.77.0.50' } }));
    expect(bench.store.leases.get(clientMac)?.state).toBe('bound');
    await bench.receive(message('release', { server: serverAddress, fields: { ciaddr: address } }));
    expect(bench.store.leases.get(clientMac)?.state).toBe('released');
    expect(await lease(bench, second)).toBe(address);
  });

  it('may decline it: it is not handed out for a while, also not after a restart', async () => {
    const bench = await startBench({ ranges: [{ first: '10.77.0.100', last: '10.77.0.101' }] });
    const address = await lease(bench);
    await bench.receive(message('decline', { mac: second, server: serverAddress, asks: address }));
    expect(types(bench)).not.toContain('DECLINE');
    await bench.receive(message('decline', { server: serverAddress, asks: address }));
    expect(types(bench).at(-1)).toBe('DECLINE');
    const restarted = await startBench(
      { ranges: [{ first: '10.77.0.100', last: '10.77.0.101' }] },
      { stored: [...bench.store.leases.values()] },
    );
    for (const either of [bench, restarted]) {
      expect(await lease(either, second)).not.toBe(address);
      expect(await either.receive(message('discover'))).toEqual([]);
    }
    await bench.clock.advance(600_000);
    expect((await bench.receive(message('discover')))[0]?.packet.yiaddr).toBe(address);
  });

  it('keeps it while others come and go, until it expires', async () => {
    const bench = await startBench({ ranges: [{ first: '10.77.0.100', last: '10.77.0.100' }] });
    await lease(bench);
    expect(await bench.receive(message('discover', { mac: second }))).toEqual([]);
    expect(types(bench).at(-1)).toBe('EXHAUSTED');
    expect(bench.logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { mac: second } });
    await bench.clock.advance(3_600_001);
    expect((await bench.receive(message('discover', { mac: second })))[0]?.type).toBe('OFFER');
  });
});

describe('INFORM', () => {
  it('is answered without an address, and only to this subnet', async () => {
    const bench = await startBench();
    const [ack] = await bench.receive(message('inform', { fields: { ciaddr: '10.77.0.50' } }));
    expect(ack).toMatchObject({ type: 'ACK', to: '10.77.0.50:68' });
    expect(ack?.packet.yiaddr).toBe('0.0.0.0');
    expect(ack?.packet.options.has(option.leaseTime)).toBe(false);
    expect(await bench.receive(message('inform', { fields: { ciaddr: '8.8.8.8' } }))).toEqual([]);
  });
});

describe('reservations', () => {
  const reservations = [{ mac: clientMac, address: '10.77.0.100', hostname: 'node-1' }];

  it('win over what the client asks for, and keep the address from the pool', async () => {
    const bench = await startBench({ reservations });
    expect(await lease(bench, second)).toBe('10.77.0.101');
    const [offer] = await bench.receive(message('discover', { asks: '10.77.0.105' }));
    expect(offer?.packet.yiaddr).toBe('10.77.0.100');
    if (offer !== undefined) expect(textOption(offer.packet, option.hostName)).toBe('node-1');
  });

  it('take the address from whoever had it before', async () => {
    const bench = await startBench();
    expect(await lease(bench, second)).toBe('10.77.0.100');
    bench.server.reconfigure(servedNetwork({ reservations }));
    expect((await bench.receive(message('request', { mac: second, fields: { ciaddr: '10.77.0.100' } })))[0]?.type).toBe(
      'NAK',
    );
    expect(await lease(bench)).toBe('10.77.0.100');
    expect(await lease(bench, second)).toBe('10.77.0.101');
  });

  it('are given out even where another machine uses the address, with a warning', async () => {
    const bench = await startBench({ reservations });
    bench.link.set('10.77.0.100', second);
    expect(await lease(bench)).toBe('10.77.0.100');
    expect(types(bench)).toContain('CONFLICT');
    expect(bench.logger.lines[0]).toMatchObject({ level: 'warn', fields: { holder: second } });
  });
});

describe('addresses in use', () => {
  it('are found before they are offered', async () => {
    const bench = await startBench();
    bench.link.set('10.77.0.100', second).set('10.77.0.101', second);
    expect(await lease(bench)).toBe('10.77.0.102');
  });

  it('are no conflict when the client itself uses them', async () => {
    const bench = await startBench();
    bench.link.set('10.77.0.100', clientMac);
    expect(await lease(bench)).toBe('10.77.0.100');
    expect(types(bench)).not.toContain('CONFLICT');
  });
});

describe('what is not a client’s message', () => {
  it('is passed over: broken packets, replies, plain BOOTP, group and zero addresses', async () => {
    const bench = await startBench();
    expect(await bench.receive(new Uint8Array(10))).toEqual([]);
    expect(await bench.receive(encodeDhcp(message('discover', { fields: { op: 2 } })))).toEqual([]);
    for (const mac of ['01:00:5e:00:00:01', '00:00:00:00:00:00']) {
      expect(await bench.receive(message('discover', { mac }))).toEqual([]);
    }
    const bootp = message('discover');
    bootp.options.delete(option.messageType);
    expect(await bench.receive(bootp)).toEqual([]);
    expect(bench.backend.events).toEqual([]);
  });

  it('does not stop the server, even when the backend fails', async () => {
    const bench = await startBench();
    bench.backend.seen = () => {
      throw new Error('backend');
    };
    expect(await bench.receive(message('discover'))).toEqual([]);
    bench.backend.seen = () => {};
    expect((await bench.receive(message('discover')))[0]?.type).toBe('OFFER');
  });
});

describe('a client that asks again while its first message is worked on', () => {
  it('gets an answer to its newest message', async () => {
    const bench = await startBench();
    await bench.receive(message('discover'));
    const release = bench.store.holdBack();
    const ask = (transactionId: number) =>
      bench.receive(message('request', { server: serverAddress, asks: '10.77.0.100', fields: { transactionId } }));
    for (const transactionId of [1, 2, 3]) await ask(transactionId);
    release();
    await settle();
    expect(bench.sent().map(({ packet }) => packet.transactionId)).toEqual([1, 3]);
  });
});

describe('reconfiguring', () => {
  it('changes nothing when the new settings are wrong', async () => {
    const bench = await startBench();
    const wrong = servedNetwork({ ranges: [{ first: '10.77.0.9', last: '10.77.0.1' }] });
    expect(() => bench.server.reconfigure(wrong)).toThrowError(/ends before it begins/);
    expect(() => bench.server.reconfigure(servedNetwork({ interface: 'eth9' }))).toThrowError(/cannot change/);
    expect(await lease(bench)).toBe('10.77.0.100');
  });

  it('takes effect with the next packet', async () => {
    const bench = await startBench();
    await lease(bench);
    bench.server.reconfigure(servedNetwork({ ranges: [{ first: '10.77.0.200', last: '10.77.0.210' }], domain: 'new' }));
    expect((await bench.receive(message('request', { fields: { ciaddr: '10.77.0.100' } })))[0]?.type).toBe('NAK');
    expect(await lease(bench)).toBe('10.77.0.200');
  });
});
