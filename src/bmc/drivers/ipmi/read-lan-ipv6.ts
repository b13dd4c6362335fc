/** The IPv6 side of a LAN channel: parameters 50–78. */
import type { Parameter } from '../../../protocols/ipmi/index.ts';
import { lanParameters } from '../../../protocols/ipmi/index.ts';
import type { Ipv6Address, Ipv6Router, Ipv6Settings } from '../../capabilities/lan.ts';
import type { ParameterPlace } from './parameter-access.ts';
import { readParameter } from './parameter-access.ts';

/** No BMC has more; a count of 255 is not believed. */
const mostSets = 16;

export async function readIpv6(place: ParameterPlace, untold: string[]): Promise<Ipv6Settings | undefined> {
  const lan = lanParameters;
  const support = await readParameter(place, lan.ipv6Support, []);
  if (support === undefined) {
    // One that does not tell whether it has IPv6 has none: the rest is not asked for.
    untold.push('IPv6');
    return undefined;
  }
  const read = <Value extends object>(parameter: Parameter<Value>) => readParameter(place, parameter, untold);
  const enables = await read(lan.ipv6Enables);
  const status = await read(lan.ipv6Status);
  const control = await read(lan.ipv6RouterControl);
  const hopLimit = await read(lan.ipv6HopLimit);
  const trafficClass = await read(lan.ipv6TrafficClass);
  const flowLabel = await read(lan.ipv6FlowLabel);
  const enabled = enables?.enabled;
  return {
    enabled: typeof enabled === 'number' ? 'other' : enabled,
    supportsIpv6Only: support.ipv6Only,
    supportsBoth: support.both,
    alertsOverIpv6: support.alertsOverIpv6,
    supportsDhcpv6: status?.dhcpv6,
    supportsSlaac: status?.slaac,
    staticAddresses: await readStatic(place, status?.staticAddresses ?? 0),
    dynamicAddresses: await readDynamic(place, status?.dynamicAddresses ?? 0),
    staticRouters: control?.static,
    dynamicRouters: control?.dynamic,
    routers: await readRouters(place),
    heardRouters: await readHeardRouters(place, (await read(lan.ipv6DynamicRouters))?.count ?? 0),
    hopLimit: hopLimit?.hopLimit,
    trafficClass: trafficClass?.trafficClass,
    flowLabel: flowLabel?.flowLabel,
  };
}

async function readStatic(place: ParameterPlace, count: number): Promise<Ipv6Address[]> {
  const found: Ipv6Address[] = [];
  for (let set = 0; set < Math.min(count, mostSets); set += 1) {
    const value = await readParameter(place, lanParameters.ipv6StaticAddress, [], set);
    if (value === undefined) break;
    const { address, prefixLength, enabled } = value;
    found.push({ index: set, address, prefixLength, source: word(value.source), enabled, status: word(value.status) });
  }
  return found;
}

async function readDynamic(place: ParameterPlace, count: number): Promise<Ipv6Address[]> {
  const found: Ipv6Address[] = [];
  for (let set = 0; set < Math.min(count, mostSets); set += 1) {
    const value = await readParameter(place, lanParameters.ipv6DynamicAddress, [], set);
    if (value === undefined) break;
    const { address, prefixLength } = value;
    const words = { source: word(value.source), status: word(value.status) };
    found.push({ index: set, address, prefixLength, enabled: undefined, ...words });
  }
  return found;
}

async function readRouters(place: ParameterPlace): Promise<Ipv6Router[]> {
  const lan = lanParameters;
  const two = [
    [
      lan.ipv6StaticRouter1Address,
      lan.ipv6StaticRouter1Mac,
      lan.ipv6StaticRouter1PrefixLength,
      lan.ipv6StaticRouter1Prefix,
    ],
    [
      lan.ipv6StaticRouter2Address,
      lan.ipv6StaticRouter2Mac,
      lan.ipv6StaticRouter2PrefixLength,
      lan.ipv6StaticRouter2Prefix,
    ],
  ] as const;
  const found: Ipv6Router[] = [];
  for (const [ofAddress, ofMac, ofLength, ofPrefix] of two) {
    const address = (await readParameter(place, ofAddress, []))?.address;
    if (address === undefined) break;
    const macAddress = (await readParameter(place, ofMac, []))?.address;
    const prefixLength = (await readParameter(place, ofLength, []))?.length;
    const prefix = (await readParameter(place, ofPrefix, []))?.prefix;
    found.push({ address, macAddress, prefix, prefixLength });
  }
  return found;
}

async function readHeardRouters(place: ParameterPlace, count: number): Promise<Ipv6Router[]> {
  const lan = lanParameters;
  const found: Ipv6Router[] = [];
  for (let set = 0; set < Math.min(count, mostSets); set += 1) {
    const address = (await readParameter(place, lan.ipv6DynamicRouterAddress, [], set))?.address;
    if (address === undefined) break;
    const macAddress = (await readParameter(place, lan.ipv6DynamicRouterMac, [], set))?.address;
    const prefixLength = (await readParameter(place, lan.ipv6DynamicRouterPrefixLength, [], set))?.length;
    const prefix = (await readParameter(place, lan.ipv6DynamicRouterPrefix, [], set))?.prefix;
    found.push({ address, macAddress, prefix, prefixLength });
  }
  return found;
}

function word(value: string | number): string {
  return typeof value === 'number' ? `reserved (${value})` : value;
}
