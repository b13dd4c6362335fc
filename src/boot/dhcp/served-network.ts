/** Is a network fit to be served? Checked before the server starts and before it is reconfigured. */
import { AthanorError } from '../../errors/index.ts';
import { ipv4ToNumber } from '../../protocols/dhcp/index.ts';
import { parseIpv4, parseMac, rangesOverlap, usableInSubnet } from './addresses.ts';
import type { AddressRange, ServedNetwork } from './ports.ts';

/** The network with its MACs and addresses in their usual form. Throws `invalid-configuration` naming what is wrong. */
export function checkServedNetwork(network: ServedNetwork): ServedNetwork {
  const address = parseIpv4(network.address, 'address');
  const { prefixLength } = network;
  if (!Number.isInteger(prefixLength) || prefixLength < 1 || prefixLength > 30) {
    throw wrong('prefixLength', String(prefixLength), 'is not a prefix length from 1 to 30', 'Write e.g. 24.');
  }
  if (!Number.isInteger(network.leaseSeconds) || network.leaseSeconds < 60 || network.leaseSeconds >= 0xffffffff) {
    throw wrong('leaseSeconds', String(network.leaseSeconds), 'is no lease time', 'Write 60 seconds or more.');
  }
  const inside = (text: string, field: string): string => {
    const parsed = parseIpv4(text, field);
    if (usableInSubnet(address, prefixLength, parsed)) return parsed;
    throw wrong(field, text, `is no host's address in ${address}/${prefixLength}`, 'Take one from that subnet.');
  };
  inside(network.address, 'address');

  const ranges = network.ranges.map((range, index) => {
    const parsed = {
      first: inside(range.first, `ranges[${index}].first`),
      last: inside(range.last, `ranges[${index}].last`),
    };
    if ((ipv4ToNumber(parsed.first) ?? 0) <= (ipv4ToNumber(parsed.last) ?? 0)) return parsed;
    throw wrong(`ranges[${index}]`, show(range), 'ends before it begins', 'Exchange first and last.');
  });
  for (const [index, range] of ranges.entries()) {
    const other = ranges.slice(0, index).find((earlier) => rangesOverlap(earlier, range));
    if (other !== undefined) {
      throw wrong(
        `ranges[${index}]`,
        show(range),
        `overlaps ${show(other)}`,
        'Let every address be in one range only.',
      );
    }
  }

  const macs = new Map<string, number>();
  const addresses = new Map<string, number>([[address, -1]]);
  const reservations = network.reservations.map((reservation, index) => {
    const field = `reservations[${index}]`;
    const mac = parseMac(reservation.mac, `${field}.mac`);
    const reserved = inside(reservation.address, `${field}.address`);
    if (macs.has(mac)) {
      throw wrong(`${field}.mac`, mac, `is in reservations[${macs.get(mac)}] already`, 'Keep one of the two.');
    }
    const holder = addresses.get(reserved);
    if (holder !== undefined) {
      const what = holder === -1 ? "is the server's own" : `is reserved in reservations[${holder}] already`;
      throw wrong(`${field}.address`, reserved, what, 'Take another address.');
    }
    macs.set(mac, index);
    addresses.set(reserved, index);
    return { ...reservation, mac, address: reserved };
  });

  return {
    ...network,
    address,
    ranges,
    reservations,
    dns: network.dns.map((server, index) => parseIpv4(server, `dns[${index}]`)),
    ...(network.ntp === undefined
      ? {}
      : { ntp: network.ntp.map((server, index) => parseIpv4(server, `ntp[${index}]`)) }),
    ...(network.gateway === undefined ? {} : { gateway: inside(network.gateway, 'gateway') }),
  };
}

const show = (range: AddressRange): string => `${range.first}-${range.last}`;

function wrong(field: string, value: string, what: string, remedy: string): AthanorError {
  return new AthanorError('invalid-configuration', `${field} ${value} ${what}`, { field, value, remedy });
}
