import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import {
  broadcastAddress,
  macDistance,
  parseIpv4,
  parseMac,
  rangesOverlap,
  subnetContains,
  subnetMask,
  usableInSubnet,
} from './addresses.ts';
import { servedNetwork } from './recording.fixture.ts';
import { checkServedNetwork } from './served-network.ts';
import { neighbourIn } from './transport.ts';

function errorOf(run: () => unknown): AthanorError {
  try {
    run();
  } catch (error) {
    if (error instanceof AthanorError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('MAC addresses', () => {
  it('are read as people write them', () => {
    for (const text of [
      '52:54:00:AB:cd:01',
      '52-54-00-ab-cd-01',
      '5254.00ab.cd01',
      '525400ABCD01',
      ' 52:54:00:ab:cd:01',
    ]) {
      expect(parseMac(text)).toBe('52:54:00:ab:cd:01');
    }
  });

  it('are refused with field, value and remedy', () => {
    const error = errorOf(() => parseMac('00:11:22:33:44:GG', 'machines[3].mac'));
    expect(error).toMatchObject({
      code: 'invalid-configuration',
      field: 'machines[3].mac',
      value: '00:11:22:33:44:GG',
      remedy: expect.stringContaining('six pairs'),
    });
    expect(error.message).toContain('"GG" is not hexadecimal');
    for (const text of ['', '00:11:22:33:44', '00:11:22:33:44:55:66', '01:00:5e:00:00:01', '00:00:00:00:00:00']) {
      expect(errorOf(() => parseMac(text)).code).toBe('invalid-configuration');
    }
    expect(errorOf(() => parseMac('x', 'mac', 'invalid-input')).code).toBe('invalid-input');
  });

  it('are one digit apart, or more', () => {
    expect(macDistance('52:54:00:00:00:01', '52:54:00:00:00:02')).toBe(1);
    expect(macDistance('52:54:00:00:00:01', '52-54-00-00-00-01')).toBe(0);
    expect(macDistance('52:54:00:00:00:01', '25:54:00:00:00:01')).toBe(2);
  });
});

describe('IPv4 addresses and ranges', () => {
  it('are refused with field, value and remedy', () => {
    expect(errorOf(() => parseIpv4('10.0.0.300', 'gateway'))).toMatchObject({ field: 'gateway', value: '10.0.0.300' });
  });

  it('know their subnet', () => {
    expect(subnetContains('10.77.0.1', 24, '10.77.0.255')).toBe(true);
    expect(subnetContains('10.77.0.1', 24, '10.77.1.0')).toBe(false);
    expect(usableInSubnet('10.77.0.1', 24, '10.77.0.255')).toBe(false);
    expect(usableInSubnet('10.77.0.1', 24, '10.77.0.0')).toBe(false);
    expect(usableInSubnet('10.77.0.1', 23, '10.77.0.255')).toBe(true);
    expect([subnetMask(8), subnetMask(23), subnetMask(30), subnetMask(32)]).toEqual([
      '255.0.0.0',
      '255.255.254.0',
      '255.255.255.252',
      '255.255.255.255',
    ]);
    expect(broadcastAddress('192.168.3.9', 22)).toBe('192.168.3.255');
  });

  it('overlap exactly when they share an address', () => {
    const range = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 10 }))
      .map(([first, size]) => ({ first, last: first + size }));
    fc.assert(
      fc.property(range, range, (one, other) => {
        const text = ({ first, last }: { first: number; last: number }) => ({
          first: `10.0.0.${first}`,
          last: `10.0.0.${last}`,
        });
        let shared = false;
        for (let at = one.first; at <= one.last; at += 1) shared ||= at >= other.first && at <= other.last;
        expect(rangesOverlap(text(one), text(other))).toBe(shared);
      }),
    );
  });
});

describe('a served network', () => {
  it('comes back with its addresses in their usual form', () => {
    const checked = checkServedNetwork(
      servedNetwork({ reservations: [{ mac: '52-54-00-AB-00-01', address: '10.77.0.10' }] }),
    );
    expect(checked.reservations).toEqual([{ mac: '52:54:00:ab:00:01', address: '10.77.0.10' }]);
  });

  it.each([
    ['a server address that is the subnet', { address: '10.77.0.0' }, 'address'],
    ['a prefix without room', { prefixLength: 31 }, 'prefixLength'],
    ['no lease time', { leaseSeconds: 0 }, 'leaseSeconds'],
    ['a range outside', { ranges: [{ first: '10.78.0.1', last: '10.78.0.9' }] }, 'ranges[0].first'],
    ['a range backwards', { ranges: [{ first: '10.77.0.9', last: '10.77.0.8' }] }, 'ranges[0]'],
    [
      'ranges that overlap',
      {
        ranges: [
          { first: '10.77.0.10', last: '10.77.0.20' },
          { first: '10.77.0.20', last: '10.77.0.30' },
        ],
      },
      'ranges[1]',
    ],
    ['a bad MAC', { reservations: [{ mac: '00:11:22:33:44:GG', address: '10.77.0.10' }] }, 'reservations[0].mac'],
    [
      'the server’s own address reserved',
      { reservations: [{ mac: '52:54:00:00:00:01', address: '10.77.0.1' }] },
      'reservations[0].address',
    ],
    [
      'one machine reserved twice',
      {
        reservations: [
          { mac: '52:54:00:00:00:01', address: '10.77.0.10' },
          { mac: '52-54-00-00-00-01', address: '10.77.0.11' },
        ],
      },
      'reservations[1].mac',
    ],
    [
      'one address reserved twice',
      {
        reservations: [
          { mac: '52:54:00:00:00:01', address: '10.77.0.10' },
          { mac: '52:54:00:00:00:02', address: '10.77.0.10' },
        ],
      },
      'reservations[1].address',
    ],
    ['a gateway elsewhere', { gateway: '10.78.0.1' }, 'gateway'],
    ['a name server that is none', { dns: ['one.one.one.one'] }, 'dns[0]'],
  ])('is refused with %s', (_what, changes, field) => {
    const error = errorOf(() => checkServedNetwork(servedNetwork(changes)));
    expect(error).toMatchObject({ code: 'invalid-configuration', field });
    expect(error.remedy.length).toBeGreaterThan(5);
  });
});

describe('/proc/net/arp', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.5        0x1         0x2         52:54:00:00:00:05     *        br0
10.77.0.6        0x1         0x0         00:00:00:00:00:00     *        br0
10.77.0.7        0x1         0x6         52:54:00:00:00:07     *        eth9
`;
  it('tells who answered, on this interface only', () => {
    expect(neighbourIn(table, 'br0', '10.77.0.5')).toBe('52:54:00:00:00:05');
    expect(neighbourIn(table, 'br0', '10.77.0.6')).toBeUndefined();
    expect(neighbourIn(table, 'br0', '10.77.0.7')).toBeUndefined();
    expect(neighbourIn(table, 'eth9', '10.77.0.7')).toBe('52:54:00:00:00:07');
  });
});
