import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { createSocket, type Socket } from 'node:dgram';
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forgetNeighbour, interfaceMac, listenOnInterface, openIcmpv6Sender, openUdpSocket } from './sockets.ts';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const open: { close(): void }[] = [];

async function bound(where: { address: string; port: number; interface?: string }): Promise<Socket> {
  const socket = await openUdpSocket(where);
  open.push(socket);
  return socket;
}

/** What the socket hears until the datagram `last` comes. */
function heardUntil(socket: Socket, last: string): Promise<string[]> {
  const heard: string[] = [];
  return new Promise((resolve) => {
    socket.on('message', (bytes) => {
      heard.push(bytes.toString());
      if (bytes.toString() === last) resolve(heard);
    });
  });
}

beforeAll(() => {
  // Two interfaces whose other ends are here as well; bridges pass everything on.
  for (const [name, address] of [
    ['sock0', '10.91.0.1'],
    ['sock1', '10.92.0.1'],
  ] as const) {
    ip('link', 'add', name, 'address', `02:00:00:00:00:1${name.at(-1)}`, 'type', 'bridge');
    ip('address', 'add', `${address}/24`, 'dev', name);
    ip('link', 'set', name, 'up');
  }
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

afterAll(() => {
  ip('link', 'delete', 'sock0');
  ip('link', 'delete', 'sock1');
});

describe('a UDP socket bound to an interface', () => {
  it('hears broadcasts on its own interface and no other', async () => {
    const hearing = await bound({ address: '0.0.0.0', port: 6700, interface: 'sock0' });
    const there = await bound({ address: '0.0.0.0', port: 6700, interface: 'sock1' });
    const everywhere = await bound({ address: '0.0.0.0', port: 6700 });
    const all = heardUntil(everywhere, 'end on 0');
    const own = heardUntil(hearing, 'end on 0');
    const its = heardUntil(there, 'only on 1');
    // A broadcast comes back to the sockets of the interface it left by.
    const sender0 = await bound({ address: '10.91.0.1', port: 0, interface: 'sock0' });
    const sender1 = await bound({ address: '10.92.0.1', port: 0, interface: 'sock1' });
    sender1.send('only on 1', 6700, '255.255.255.255');
    await its;
    sender0.send('end on 0', 6700, '255.255.255.255');
    expect(await own).toEqual(['end on 0']);
    expect(await all).toEqual(['only on 1', 'end on 0']);
  });

  it('names the interface that is missing', async () => {
    await expect(openUdpSocket({ address: '0.0.0.0', port: 6700, interface: 'missing0' })).rejects.toMatchObject({
      code: 'invalid-configuration',
      field: 'interface',
      value: 'missing0',
      message: expect.stringMatching(/SO_BINDTODEVICE.*ENODEV/),
    });
    await expect(
      openUdpSocket({ address: '0.0.0.0', port: 6700, interface: 'a-name-far-too-long' }),
    ).rejects.toMatchObject({ code: 'invalid-configuration', value: 'a-name-far-too-long' });
  });

  it('names the address that the interface has not', async () => {
    await expect(openUdpSocket({ address: '10.99.0.1', port: 6700, interface: 'sock0' })).rejects.toMatchObject({
      code: 'invalid-configuration',
      field: 'address',
      value: '10.99.0.1',
      message: expect.stringMatching(/bind.*EADDRNOTAVAIL/),
    });
  });

  it('names the port that another program holds', async () => {
    const holder = createSocket('udp4');
    open.push(holder);
    holder.bind(6701, '0.0.0.0');
    await once(holder, 'listening');
    const wanted = { address: '0.0.0.0', port: 6701 };
    const refused = { code: 'address-in-use', field: 'port', value: '6701' };
    await expect(openUdpSocket({ ...wanted, interface: 'sock0' })).rejects.toMatchObject(refused);
    await expect(openUdpSocket(wanted)).rejects.toMatchObject(refused);
  });

  it('says which right is missing', () => {
    const script = `import { openUdpSocket } from ${JSON.stringify(`${import.meta.dirname}/sockets.ts`)};
      await openUdpSocket({ address: '0.0.0.0', port: 67, interface: 'sock0' }).catch((error) => {
        process.stdout.write(error.code + ' ' + error.message + ' ' + error.remedy);
      });`;
    const argumentsToNode = ['--input-type=module-typescript', '--eval', script];
    const unprivileged = ['--bounding-set=-all', '--inh-caps=-all', '--', process.execPath, ...argumentsToNode];
    const said = execFileSync('setpriv', unprivileged, { encoding: 'utf8' });
    expect(said).toMatch(/^permission .*(EPERM|EACCES).*CAP_NET_RAW/);
  });
});

describe('a TCP server on one interface', () => {
  it('accepts connections there and refuses them elsewhere', async () => {
    const server = createServer((socket) => socket.end('here'));
    open.push(server);
    await listenOnInterface(server, { address: '0.0.0.0', port: 6702, interface: 'lo' });
    const accepted = connect({ port: 6702, host: '127.0.0.1' });
    const [greeting]: unknown[] = await once(accepted, 'data');
    expect(String(greeting)).toBe('here');

    const elsewhere = createServer();
    open.push(elsewhere);
    await listenOnInterface(elsewhere, { address: '0.0.0.0', port: 6703, interface: 'sock0' });
    // Local traffic travels over lo, to which this server is not bound.
    const refused = connect({ port: 6703, host: '127.0.0.1' });
    const [error]: unknown[] = await once(refused, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('neighbours', () => {
  it('are forgotten', () => {
    ip('neighbour', 'replace', '10.91.0.9', 'lladdr', '02:00:00:00:00:99', 'dev', 'sock0', 'nud', 'reachable');
    expect(ip('neighbour', 'show', '10.91.0.9', 'dev', 'sock0')).toContain('02:00:00:00:00:99');
    expect(forgetNeighbour('sock0', '10.91.0.9')).toBe(true);
    expect(ip('neighbour', 'show', '10.91.0.9', 'dev', 'sock0')).not.toContain('02:00:00:00:00:99');
    expect(forgetNeighbour('sock0', '10.91.0.9')).toBe(false);
  });
});

describe('ICMPv6', () => {
  it('refuses an interface that is missing', () => {
    expect(() => openIcmpv6Sender('missing0', new Uint8Array(16))).toThrowError(/ENODEV/);
  });

  it('knows the MAC of an interface', () => {
    expect(interfaceMac('sock0')).toBe('02:00:00:00:00:10');
    expect(interfaceMac('lo')).toBeUndefined();
    expect(() => interfaceMac('missing0')).toThrowError(/ENODEV/);
  });
});
