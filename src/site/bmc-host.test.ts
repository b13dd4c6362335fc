import { describe, expect, it } from 'vitest';
import { type BmcDependencies, createSystemClock, rememberRefusedInMemory } from '../bmc/index.ts';
import { type BmcSettings, createBmcHost, createConsoleHost, createSite, openLeaseStore } from './index.ts';

const silence: BmcDependencies = {
  udp: { open: () => Promise.reject(new Error('no packet is to be sent here')) },
  clock: createSystemClock(),
  randomBytes: (length) => new Uint8Array(length),
  refusedCredentials: rememberRefusedInMemory(),
};

function settings(name: string, changes: Partial<BmcSettings> = {}): BmcSettings {
  const credential = { name: 'lab', username: 'admin', password: 'a', fingerprint: 'one' };
  return { name, driver: 'ipmi', address: '192.0.2.1', port: 623, credential, ...changes };
}

describe('the host of the BMCs', () => {
  it('has one driver per BMC, however many ask, and none for a BMC that nobody declared', async () => {
    const host = createBmcHost(silence);
    await host.declare([settings('b'), settings('a')]);
    expect(host.names()).toEqual(['b', 'a']);
    expect(host.bmc('a')).toBe(host.bmc('a'));
    expect(host.bmc('a')).not.toBe(host.bmc('b'));
    expect(() => host.bmc('c')).toThrow(expect.objectContaining({ code: 'not-found', value: 'c' }));
  });

  it('opens anew what changed, and leaves alone what did not', async () => {
    const host = createBmcHost(silence);
    await host.declare([settings('same'), settings('moved'), settings('gone'), settings('changed')]);
    const [same, moved, changed] = [host.bmc('same'), host.bmc('moved'), host.bmc('changed')];
    const credential = { name: 'lab', username: 'admin', password: 'b', fingerprint: 'two' };
    await host.declare([
      settings('same'),
      settings('moved', { address: '192.0.2.2' }),
      settings('changed', { credential }),
    ]);
    expect(host.bmc('same')).toBe(same);
    expect(host.bmc('moved')).not.toBe(moved);
    expect(host.bmc('moved').settings.address).toBe('192.0.2.2');
    expect(host.bmc('changed')).not.toBe(changed);
    expect(() => host.bmc('gone')).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(await moved.power.get()).toMatchObject({ outcome: 'failed' });
  });

  it('gives who asks during a change the new driver, never the old one again', async () => {
    const host = createBmcHost(silence);
    await host.declare([settings('a'), settings('b')]);
    host.bmc('a');
    host.bmc('b');
    const declaring = host.declare(['a', 'b'].map((name) => settings(name, { address: '192.0.2.2' })));
    host.bmc('a');
    host.bmc('b');
    await declaring;
    for (const name of ['a', 'b']) expect(host.bmc(name).settings.address).toBe('192.0.2.2');
  });

  it('tells nobody a password', async () => {
    const host = createBmcHost(silence);
    const credential = { name: 'lab', username: 'admin', password: 'canary', fingerprint: 'one' };
    await host.declare([settings('a', { credential })]);
    expect(JSON.stringify(host.bmc('a'))).not.toContain('canary');
  });
});

describe('the site', () => {
  const noConsoles = createConsoleHost((settings) => ({
    name: settings.name,
    frame: () => Promise.reject(new Error('not looked at here')),
    withSession: () => Promise.reject(new Error('not looked at here')),
  }));

  it('has the consoles of the newest declaration, by the name of their BMC', () => {
    const site = createSite({
      bmcs: createBmcHost(silence),
      consoles: noConsoles,
      leases: openLeaseStore(':memory:', () => 0),
    });
    site.declareConsoles([{ name: 'a', address: { path: '/run/a' } }]);
    expect([site.console('a')?.name, site.console('b')]).toEqual(['a', undefined]);
    site.declareConsoles([{ name: 'b', address: { host: '192.0.2.1', port: 5900 } }]);
    expect([site.console('a'), site.console('b')?.name]).toEqual([undefined, 'b']);
  });

  const network = { network: 'lab', interface: 'eth0', address: '10.0.0.1', httpPort: 80, tftpTransfers: 0 };

  it.each([
    ['serving', undefined, { state: 'serving' }],
    ['probing', undefined, { state: 'probing' }],
    ['blocked', '10.0.0.9', { state: 'blocked', rival: '10.0.0.9', reason: expect.stringContaining('10.0.0.9') }],
    ['stopped', undefined, { state: 'failed', reason: expect.stringContaining('stopped') }],
  ] as const)('shows a network that is %s', async (state, rival, expected) => {
    const site = createSite({
      bmcs: createBmcHost(silence),
      consoles: noConsoles,
      leases: openLeaseStore(':memory:', () => 0),
    });
    expect(site.networkStatus('lab')).toMatchObject({ state: 'failed' });
    const dhcp = { state, since: 0, ...(rival === undefined ? {} : { rival }) };
    site.attachBoot({
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      status: () => [{ ...network, dhcp }],
      reconfigure: () => Promise.resolve(),
      macOf: () => undefined,
    });
    expect(site.networkStatus('lab')).toEqual(expected);
    expect(site.networkStatus('other')).toMatchObject({ state: 'failed' });
    await site.stop();
  });

  it('closes its leases although a service does not stop', async () => {
    const leases = openLeaseStore(':memory:', () => 0);
    const site = createSite({ bmcs: createBmcHost(silence), consoles: noConsoles, leases });
    site.attachBoot({
      start: () => Promise.resolve(),
      stop: () => Promise.reject(new Error('the socket hangs')),
      status: () => [],
      reconfigure: () => Promise.resolve(),
      macOf: () => undefined,
    });
    await expect(site.stop()).rejects.toThrow('the socket hangs');
    await expect(leases.remove('lab', 'x')).rejects.toMatchObject({ code: 'internal' });
  });
});
