/**
 * What to write for a change of LAN settings, in an order that BMCs take: what cannot cut the connection first, a static
 * source before the address it makes settable, the address and the VLAN last.
 */
import { AthanorError } from '../../../errors/index.ts';
import { lanParameters, parseIpv4, parseIpv6, parseMac } from '../../../protocols/ipmi/index.ts';
import type { LanChange } from '../../capabilities/lan.ts';
import type { ParameterPlace, ParameterWrite } from './parameter-access.ts';
import { requireParameter, writeOf } from './parameter-access.ts';

const noAddress = '0.0.0.0';

export async function lanWrites(place: ParameterPlace, change: LanChange): Promise<ParameterWrite[]> {
  checkAddresses(change);
  const { source, vlan } = change;
  const writes = [...(await quietWrites(place, change)), ...(await ipv6Writes(place, change))];
  const cuts = { cuts: true };
  if (source === 'static') writes.push(writeOf(lanParameters.ipAddressSource, { source }, cuts));
  if (change.netmask !== undefined) writes.push(writeOf(lanParameters.subnetMask, { mask: change.netmask }, cuts));
  if (change.gateway !== undefined) {
    writes.push(writeOf(lanParameters.defaultGatewayAddress, { address: change.gateway ?? noAddress }, cuts));
  }
  if (change.gatewayMac !== undefined) {
    writes.push(writeOf(lanParameters.defaultGatewayMac, { address: change.gatewayMac }, cuts));
  }
  if (change.address !== undefined) writes.push(writeOf(lanParameters.ipAddress, { address: change.address }, cuts));
  if (source !== undefined && source !== 'static') {
    writes.push(writeOf(lanParameters.ipAddressSource, { source }, cuts));
  }
  if (vlan !== undefined) {
    const value = vlan === null ? { id: 0, enabled: false } : { id: vlan, enabled: true };
    // What number stays behind where there is no VLAN is nobody's business.
    writes.push(writeOf(lanParameters.vlanId, value, { cuts: true, ...(vlan === null && { checked: ['enabled'] }) }));
  }
  return writes;
}

async function quietWrites(place: ParameterPlace, change: LanChange): Promise<ParameterWrite[]> {
  const lan = lanParameters;
  const writes: ParameterWrite[] = [];
  if (change.community !== undefined) writes.push(writeOf(lan.communityString, { community: change.community }));
  const { timeToLive, typeOfService, precedence } = change;
  const header = given({ timeToLive, typeOfService, precedence });
  if (header !== undefined)
    writes.push(writeOf(lan.ipv4Header, { ...(await requireParameter(place, lan.ipv4Header)), ...header }));
  const arp = given({ responses: change.arpResponses, gratuitous: change.gratuitousArp });
  if (arp !== undefined)
    writes.push(writeOf(lan.arpControl, { ...(await requireParameter(place, lan.arpControl)), ...arp }));
  if (change.gratuitousArpIntervalMs !== undefined) {
    writes.push(writeOf(lan.gratuitousArpInterval, { intervalMs: change.gratuitousArpIntervalMs }));
  }
  if (change.primaryPort !== undefined) writes.push(writeOf(lan.primaryRmcpPort, { port: change.primaryPort }));
  if (change.secondaryPort !== undefined) writes.push(writeOf(lan.secondaryRmcpPort, { port: change.secondaryPort }));
  if (change.badPassword !== undefined) {
    const held = await requireParameter(place, lan.badPasswordThreshold);
    writes.push(writeOf(lan.badPasswordThreshold, { ...held, ...change.badPassword }));
  }
  if (change.vlanPriority !== undefined) writes.push(writeOf(lan.vlanPriority, { priority: change.vlanPriority }));
  if (change.backupGateway !== undefined) {
    writes.push(writeOf(lan.backupGatewayAddress, { address: change.backupGateway ?? noAddress }));
  }
  if (change.backupGatewayMac !== undefined) {
    writes.push(writeOf(lan.backupGatewayMac, { address: change.backupGatewayMac }));
  }
  return writes;
}

async function ipv6Writes(place: ParameterPlace, change: LanChange): Promise<ParameterWrite[]> {
  const lan = lanParameters;
  const writes: ParameterWrite[] = [];
  if (change.ipv6Enabled !== undefined) {
    // Those who came by IPv6 are cut off by `ipv4`, and the other way round.
    writes.push(writeOf(lan.ipv6Enables, { enabled: change.ipv6Enabled }, { cuts: true }));
  }
  if (change.ipv6Address !== undefined) {
    const set = change.ipv6Index ?? 0;
    const held = await requireParameter(place, lan.ipv6StaticAddress, set);
    const wanted = change.ipv6Address === null ? { ...held, enabled: false } : { ...held, ...change.ipv6Address };
    const value = { ...wanted, set, enabled: change.ipv6Address !== null, status: 'active' } as const;
    // The status is the BMC's to tell.
    const checked = change.ipv6Address === null ? ['enabled'] : ['enabled', 'address', 'prefixLength'];
    writes.push(writeOf(lan.ipv6StaticAddress, value, { set, checked, cuts: true }));
  }
  if (change.ipv6Router !== undefined)
    writes.push(writeOf(lan.ipv6StaticRouter1Address, { address: change.ipv6Router }));
  if (change.ipv6RouterPrefixLength !== undefined) {
    writes.push(writeOf(lan.ipv6StaticRouter1PrefixLength, { length: change.ipv6RouterPrefixLength }));
  }
  const control = given({ static: change.ipv6StaticRouters, dynamic: change.ipv6DynamicRouters });
  if (control !== undefined) {
    writes.push(
      writeOf(lan.ipv6RouterControl, { ...(await requireParameter(place, lan.ipv6RouterControl)), ...control }),
    );
  }
  return writes;
}

type Given<Value> = { [Name in keyof Value]?: Exclude<Value[Name], undefined> };

/** What of it was named; undefined when nothing was. */
function given<Value extends object>(value: Value): Given<Value> | undefined {
  const named = Object.entries(value).filter(([, inner]) => inner !== undefined);
  // Sound: only entries of `value` itself remain, and none that is undefined.
  return named.length === 0 ? undefined : (Object.fromEntries(named) as Given<Value>);
}

function checkAddresses(change: LanChange): void {
  const { ipv6Address } = change;
  const all: [field: string, text: string | null | undefined, parse: (text: string) => Buffer][] = [
    ['address', change.address, parseIpv4],
    ['netmask', change.netmask, parseNetmask],
    ['gateway', change.gateway, parseIpv4],
    ['backupGateway', change.backupGateway, parseIpv4],
    ['gatewayMac', change.gatewayMac, parseMac],
    ['backupGatewayMac', change.backupGatewayMac, parseMac],
    ['ipv6Address', ipv6Address?.address, parseIpv6],
    ['ipv6Router', change.ipv6Router, parseIpv6],
  ];
  for (const [field, text, parse] of all) {
    if (text === undefined || text === null) continue;
    try {
      parse(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new AthanorError('invalid-input', message, { field, value: text });
    }
  }
  if (change.address !== undefined && change.source !== undefined && change.source !== 'static') {
    throw new AthanorError('invalid-input', `An address is set by hand only where its source is static`, {
      field: 'source',
      value: change.source,
    });
  }
}

function parseNetmask(text: string): Buffer {
  const bytes = parseIpv4(text);
  const bits = bytes.readUInt32BE();
  // Ones, then zeros: its complement is one less than a power of two.
  const rest = ~bits >>> 0;
  if ((rest & (rest + 1)) !== 0) throw new RangeError(`${text} is not a netmask`);
  return bytes;
}
