/** What the operating system says about its networks, parsed from the texts Linux shows. */
import { parseIpv4 } from '../../boot/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { addressText } from './fields.ts';

/** Where `config detect` looks. `readSystem` fills it from Linux; tests give recorded texts. */
export interface SystemTexts {
  interfaces: Record<string, readonly InterfaceAddress[] | undefined>;
  /** /proc/net/route */
  routes: string;
  /** /etc/resolv.conf */
  resolver: string;
  /** /run/systemd/resolve/resolv.conf: the servers behind systemd-resolved's own address; empty without it. */
  upstreamResolver: string;
  /** /proc/net/arp */
  neighbours: string;
}

/** A part of what os.networkInterfaces() gives. */
export interface InterfaceAddress {
  address: string;
  family: string;
  internal: boolean;
  cidr: string | null;
}

export interface Route {
  interface: string;
  /** 0.0.0.0 for the default route. */
  destination: string;
  mask: string;
  /** 0.0.0.0 when the destination is on the link itself. */
  gateway: string;
}

const routeIsUp = 0x1;

/** /proc/net/route: eight hexadecimal digits in the machine's byte order, which is little-endian here (proc(5)). */
export function parseRoutes(text: string): Route[] {
  const routes: Route[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [name, destination, gateway, flags, , , , mask] = line.trim().split(/\s+/);
    if (name === undefined || mask === undefined || (Number.parseInt(flags ?? '', 16) & routeIsUp) === 0) continue;
    routes.push({
      interface: name,
      destination: littleEndian(destination),
      mask: littleEndian(mask),
      gateway: littleEndian(gateway),
    });
  }
  return routes;
}

function littleEndian(hexadecimal = ''): string {
  const bytes = hexadecimal.match(/../g) ?? [];
  return addressText(Number.parseInt(bytes.toReversed().join(''), 16) || 0);
}

export interface Resolver {
  servers: string[];
  domain: string | undefined;
}

/** resolv.conf(5). Servers on this host itself answer no other machine and are left out. */
export function parseResolver(text: string): Resolver {
  const servers: string[] = [];
  let domain: string | undefined;
  for (const line of text.split('\n')) {
    const [word, value] = line.trim().split(/\s+/);
    if (value === undefined) continue;
    if (word === 'nameserver' && isIpv4(value) && !/^(127\.|0\.)/.test(value)) servers.push(value);
    const isDomain = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(value);
    if ((word === 'search' || word === 'domain') && domain === undefined && isDomain) domain = value;
  }
  return { servers: [...new Set(servers)], domain };
}

export function readResolver(system: SystemTexts): Resolver {
  const direct = parseResolver(system.resolver);
  const upstream = parseResolver(system.upstreamResolver);
  return { servers: direct.servers.length > 0 ? direct.servers : upstream.servers, domain: direct.domain };
}

/** Addresses of /proc/net/arp that answered: flag 0x2, a complete entry (arp(7)). */
export function parseNeighbours(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , flags]) => (Number.parseInt(flags ?? '', 16) & 0x2) !== 0)
    .flatMap(([address]) => (address !== undefined && isIpv4(address) ? [address] : []));
}

export function isIpv4(text: string): boolean {
  try {
    parseIpv4(text);
    return true;
  } catch (error) {
    if (error instanceof AthanorError) return false;
    throw error;
  }
}
