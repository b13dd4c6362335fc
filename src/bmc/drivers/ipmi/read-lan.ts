/** All that a BMC tells of one LAN channel: LAN configuration parameters (IPMI v2.0 §23.2, table 23-4). */
import type { AuthenticationTypes, Parameter } from '../../../protocols/ipmi/index.ts';
import { authenticationTypeNames, lanParameters } from '../../../protocols/ipmi/index.ts';
import type { CipherSuiteAccess, LanSettings } from '../../capabilities/lan.ts';
import type { ParameterPlace } from './parameter-access.ts';
import { readParameter } from './parameter-access.ts';
import { readIpv6 } from './read-lan-ipv6.ts';

const unsafeSuites: readonly number[] = [0, 1, 2, 6, 7, 11];

export async function readLan(place: ParameterPlace): Promise<LanSettings> {
  const { note, get } = place;
  const untold: string[] = [];
  const read = <Value extends object>(parameter: Parameter<Value>) => readParameter(place, parameter, untold);
  const lan = lanParameters;
  const progress = await read(lan.setInProgress);
  const support = await read(lan.authenticationTypeSupport);
  const enables = await read(lan.authenticationTypeEnables);
  const address = await read(lan.ipAddress);
  const source = await read(lan.ipAddressSource);
  const mac = await read(lan.macAddress);
  const mask = await read(lan.subnetMask);
  const header = await read(lan.ipv4Header);
  const primary = await read(lan.primaryRmcpPort);
  const secondary = await read(lan.secondaryRmcpPort);
  const arp = await read(lan.arpControl);
  const arpInterval = await read(lan.gratuitousArpInterval);
  const gateway = await read(lan.defaultGatewayAddress);
  const gatewayMac = await read(lan.defaultGatewayMac);
  const backup = await read(lan.backupGatewayAddress);
  const backupMac = await read(lan.backupGatewayMac);
  const community = await read(lan.communityString);
  const destinations = await read(lan.numberOfDestinations);
  const vlan = await read(lan.vlanId);
  const vlanPriority = await read(lan.vlanPriority);
  const badPassword = await read(lan.badPasswordThreshold);
  const cipherSuites = await readCipherSuites(place, untold);
  const ipv6 = await readIpv6(place, untold);
  const settings = {
    channel: place.channel,
    setInProgress: progress === undefined ? undefined : String(progress.state),
    macAddress: mac?.address,
    source: typeof source?.source === 'number' ? 'other' : source?.source,
    address: address?.address,
    netmask: mask?.mask,
    gateway: unlessZero(gateway?.address),
    gatewayMac: unlessZero(gatewayMac?.address),
    backupGateway: unlessZero(backup?.address),
    backupGatewayMac: unlessZero(backupMac?.address),
    vlan: vlan?.enabled === true ? vlan.id : undefined,
    vlanPriority: vlanPriority?.priority,
    arpResponses: arp?.responses,
    gratuitousArp: arp?.gratuitous,
    gratuitousArpIntervalMs: arpInterval?.intervalMs,
    timeToLive: header?.timeToLive,
    ipFlags: header?.flags,
    precedence: header?.precedence,
    typeOfService: header?.typeOfService,
    primaryPort: primary?.port,
    secondaryPort: secondary?.port,
    community: community?.community,
    alertDestinations: destinations?.count,
    authenticationSupported: support === undefined ? undefined : namesOf(support),
    authenticationEnabled:
      enables === undefined
        ? undefined
        : Object.fromEntries(Object.entries(enables).map(([role, flags]) => [role, namesIn(flags)])),
    cipherSuites,
    badPassword,
    ipv6,
  } as const;
  const findings = findingsOf(settings);
  note(
    get.name,
    `channel ${place.channel}: ${settings.address ?? 'no IPv4 address'}, ${settings.macAddress ?? 'no MAC'}`,
  );
  if (untold.length > 0) note(get.name, `not told: ${untold.join(', ')}`);
  for (const finding of findings) note(get.name, finding);
  return { ...settings, findings };
}

export async function readCipherSuites(place: ParameterPlace, untold: string[]): Promise<CipherSuiteAccess[]> {
  const support = await readParameter(place, lanParameters.cipherSuiteEntrySupport, untold);
  const entries = await readParameter(place, lanParameters.cipherSuiteEntries, untold);
  const privileges = await readParameter(place, lanParameters.cipherSuitePrivileges, untold);
  if (entries === undefined) return [];
  // A count that cannot be: the entries up to the first that is empty, but for suite 0 in the first place.
  const listed = [...entries.ids];
  const end = listed.findIndex((id, index) => id === 0 && index > 0);
  const count = Math.min(support?.count ?? (end < 0 ? listed.length : end), listed.length);
  return listed.slice(0, count).map((id, index) => {
    const level = privileges?.levels[index];
    return { id, roleLimit: level === undefined || typeof level === 'number' ? 'reserved' : level };
  });
}

function findingsOf(settings: Pick<LanSettings, 'cipherSuites' | 'badPassword' | 'setInProgress'>): string[] {
  const usable = settings.cipherSuites.filter(({ roleLimit }) => roleLimit !== 'unused');
  const findings: string[] = [];
  if (usable.some(({ id }) => id === 0)) {
    findings.push(
      'cipher suite 0 is usable: anybody who knows a user name gets in without a password; set it to unused',
    );
  }
  const weak = usable.filter(({ id }) => id !== 0 && unsafeSuites.includes(id)).map(({ id }) => id);
  if (weak.length > 0) findings.push(`cipher suites ${weak.join(', ')} do not encrypt or do not authenticate packets`);
  if (settings.badPassword?.threshold === 0) findings.push('wrong passwords never lock a user out');
  if (settings.setInProgress === 'set-in-progress') {
    findings.push('a change of these settings was begun and not ended');
  }
  return findings;
}

function namesOf(types: AuthenticationTypes): string[] {
  return authenticationTypeNames.filter((name) => types[name]);
}

function namesIn(flags: readonly boolean[]): string[] {
  return authenticationTypeNames.filter((_name, index) => flags[index] === true);
}

function unlessZero(text: string | undefined): string | undefined {
  return text === undefined || text === '0.0.0.0' || text === '00:00:00:00:00:00' ? undefined : text;
}
