/** `athanor config detect`: a configuration that runs as it is, from what the system already knows. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { AddressRange } from '../../boot/index.ts';
import { AthanorError, didYouMean } from '../../errors/index.ts';
import { errorCode } from './check-files.ts';
import { addressNumber, addressText, inSubnet, type Subnet } from './fields.ts';
import { parseNeighbours, parseRoutes, readResolver, type Route, type SystemTexts } from './system-facts.ts';
import type { DetectedNetwork, DetectOptions } from './detected.ts';
import { renderJson, renderYaml } from './render.ts';

/** How many addresses a detected range has at most. */
const rangeSize = 100;

/** Interfaces that belong to containers, virtual machines or tunnels of this very host. */
const hostInternal =
  /^(docker\d|br-[0-9a-f]{12}$|veth|virbr|cni|flannel|cali|lxc|lxd|podman|tun|wg|tailscale|zt|ppp|dummy)/;

export function detectConfiguration(options: DetectOptions): string {
  const networks = detectNetworks(options.system, options.interface);
  return options.format === 'json' ? renderJson(options, networks) : renderYaml(options, networks);
}

/** Reads the system; a text that is not there is empty. */
export async function readSystem(): Promise<SystemTexts> {
  const read = async (path: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  };
  const [routes, resolver, upstreamResolver, neighbours] = await Promise.all([
    read('/proc/net/route'),
    read('/etc/resolv.conf'),
    read('/run/systemd/resolve/resolv.conf'),
    read('/proc/net/arp'),
  ]);
  return { interfaces: networkInterfaces(), routes, resolver, upstreamResolver, neighbours };
}

export function detectNetworks(system: SystemTexts, only: string | undefined): DetectedNetwork[] {
  const routes = parseRoutes(system.routes);
  const resolver = readResolver(system);
  const neighbours = parseNeighbours(system.neighbours);
  const networks: DetectedNetwork[] = [];
  const names = new Set<string>();
  for (const [interfaceName, addresses = []] of Object.entries(system.interfaces)) {
    if (only !== undefined && interfaceName !== only) continue;
    for (const { address, family, internal, cidr } of addresses) {
      const subnet = family === 'IPv4' && !internal ? subnetOf(address, cidr) : undefined;
      if (subnet === undefined) continue;
      const gateway = gatewayOf(routes, interfaceName, subnet);
      const taken = [address, ...(gateway === undefined ? [] : [gateway]), ...resolver.servers, ...neighbours];
      const range = freeRange(subnet, taken);
      const second = networks.some((earlier) => earlier.interface === interfaceName);
      const { serve, reason } = decide(interfaceName, routes, { only, range, second });
      const name = uniqueName(interfaceName, names);
      const { domain } = resolver;
      networks.push({
        name,
        interface: interfaceName,
        subnet,
        address,
        serve,
        reason,
        range,
        gateway,
        dns: resolver.servers,
        domain,
      });
    }
  }
  if (only !== undefined && networks.length === 0) throw unusable(system, only);
  return networks;
}

function decide(
  name: string,
  routes: readonly Route[],
  { only, range, second }: { only: string | undefined; range: AddressRange | undefined; second: boolean },
): { serve: boolean; reason: string } {
  if (range === undefined) return { serve: false, reason: 'It has no free addresses to hand out.' };
  if (second) return { serve: false, reason: 'Another network of the same interface is served already.' };
  if (only !== undefined) return { serve: true, reason: 'Served because it was asked for with --interface.' };
  if (routes.some((route) => route.interface === name && route.destination === '0.0.0.0' && route.mask === '0.0.0.0')) {
    const how = `To serve it, write serve: true, or run: athanor config detect --interface ${name}`;
    return { serve: false, reason: `The default route leaves here; it may have a DHCP server already. ${how}` };
  }
  if (hostInternal.test(name)) {
    return {
      serve: false,
      reason: 'It looks like a network inside this host (containers, virtual machines, a tunnel).',
    };
  }
  return { serve: true, reason: 'Served: no default route leaves here.' };
}

/** Undefined for what DHCP has no use for: a point-to-point or link-local network, one of a single host. */
function subnetOf(address: string, cidr: string | null): Subnet | undefined {
  const prefixLength = Number(cidr?.split('/')[1]);
  if (!(prefixLength >= 8 && prefixLength <= 30) || address.startsWith('169.254.')) return undefined;
  const size = 2 ** (32 - prefixLength);
  return { address: addressText(Math.floor(addressNumber(address) / size) * size), prefixLength };
}

/** The default route's gateway on this interface, else that of any other route through this subnet. */
function gatewayOf(routes: readonly Route[], name: string, subnet: Subnet): string | undefined {
  const candidates = routes.filter(
    (route) => route.interface === name && route.gateway !== '0.0.0.0' && inSubnet(subnet, route.gateway),
  );
  return (candidates.find(({ destination }) => destination === '0.0.0.0') ?? candidates[0])?.gateway;
}

/** The widest gap between the addresses that are taken; .100 to .199 of it when they are free. */
export function freeRange(subnet: Subnet, taken: readonly string[]): AddressRange | undefined {
  const base = addressNumber(subnet.address);
  const end = base + 2 ** (32 - subnet.prefixLength) - 1; // the broadcast address
  const inside = taken.filter((address) => inSubnet(subnet, address)).map(addressNumber);
  const borders = [...new Set([base, ...inside, end])].toSorted((one, other) => one - other);
  let widest = { first: 0, last: -1 };
  for (const [index, border] of borders.entries()) {
    const gap = { first: border + 1, last: (borders[index + 1] ?? border) - 1 };
    if (gap.first <= base + 100 && gap.last >= base + 199) return textual(base + 100, base + 199);
    if (gap.last - gap.first > widest.last - widest.first) widest = gap;
  }
  if (widest.last < widest.first) return undefined;
  return textual(Math.max(widest.first, widest.last - rangeSize + 1), widest.last);
}

function textual(first: number, last: number): AddressRange {
  return { first: addressText(first), last: addressText(last) };
}

function uniqueName(interfaceName: string, names: Set<string>): string {
  const plain = interfaceName.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[._-]+|[._-]+$/g, '') || 'network';
  let name = plain;
  for (let count = 2; names.has(name); count += 1) name = `${plain}-${count}`;
  names.add(name);
  return name;
}

function unusable(system: SystemTexts, only: string): AthanorError {
  const known = Object.keys(system.interfaces);
  const context = { field: '--interface', value: only };
  if (known.includes(only)) {
    return new AthanorError(
      'invalid-input',
      `The interface ${only} has no IPv4 address that DHCP could be served on.`,
      {
        ...context,
        remedy: `Give it one first, for example: ip address add 10.77.0.1/24 dev ${only}`,
      },
    );
  }
  return new AthanorError(
    'invalid-input',
    `There is no interface ${only} that is up and has an address.${didYouMean(only, known)}`,
    { ...context, remedy: `There are: ${known.join(', ') || 'none'}.` },
  );
}
