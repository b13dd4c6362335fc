/** What the simulated BMC's LAN, serial over LAN and serial parameters hold at first. */
import type { Parameter } from '../../../protocols/ipmi/index.ts';
import { lanParameters, serialParameters, solParameters } from '../../../protocols/ipmi/index.ts';
import type { StoredParameter } from './parameter-store.ts';

function holds<Value extends object>(parameter: Parameter<Value>, value: Value): StoredParameter {
  return [parameter, parameter.encode(value)];
}

/** IPMI 1.5 authentication is off at every level. */
const nothing = [false, false, false, false, false];
const noTypes = { none: false, md2: false, md5: false, password: false, oem: false };
const suites = [3, 17];
const alertDestinations = [0, 1, 2, 3, 4];

export function lanContent(macAddress: string): StoredParameter[] {
  const lan = lanParameters;
  const levels = Array.from({ length: 16 }, (_, index) => (index < suites.length ? 'administrator' : 'unused'));
  const noDuid = (set: number) => ({ set, block: 0, data: Buffer.alloc(16) });
  return [
    holds(lan.authenticationTypeSupport, { ...noTypes, md5: true }),
    holds(lan.authenticationTypeEnables, {
      callback: nothing,
      user: nothing,
      operator: nothing,
      administrator: nothing,
      oem: nothing,
    }),
    holds(lan.ipAddress, { address: '10.77.1.23' }),
    holds(lan.ipAddressSource, { source: 'static' }),
    holds(lan.macAddress, { address: macAddress }),
    holds(lan.subnetMask, { mask: '255.255.255.0' }),
    holds(lan.ipv4Header, { timeToLive: 64, flags: 2, precedence: 0, typeOfService: 8 }),
    holds(lan.primaryRmcpPort, { port: 623 }),
    holds(lan.secondaryRmcpPort, { port: 664 }),
    holds(lan.arpControl, { responses: true, gratuitous: false }),
    holds(lan.gratuitousArpInterval, { intervalMs: 2_000 }),
    holds(lan.defaultGatewayAddress, { address: '10.77.1.1' }),
    holds(lan.defaultGatewayMac, { address: '52:54:00:00:01:01' }),
    holds(lan.backupGatewayAddress, { address: '0.0.0.0' }),
    holds(lan.backupGatewayMac, { address: '00:00:00:00:00:00' }),
    holds(lan.communityString, { community: 'rack-traps' }),
    holds(lan.numberOfDestinations, { count: alertDestinations.length - 1 }),
    ...alertDestinations.flatMap((destination) => [
      holds(lan.destinationType, {
        destination,
        acknowledged: false,
        type: 'platform-event-trap',
        timeoutSeconds: 3,
        retries: 3,
      }),
      holds(lan.destinationAddresses, {
        destination,
        format: 'ipv4',
        backupGateway: false,
        address: '0.0.0.0',
        macAddress: '00:00:00:00:00:00',
      }),
      holds(lan.destinationVlanTags, { destination, tagged: false, id: 0, canonicalFormat: false, priority: 0 }),
    ]),
    holds(lan.vlanId, { id: 0, enabled: false }),
    holds(lan.vlanPriority, { priority: 0 }),
    holds(lan.cipherSuiteEntrySupport, { count: suites.length }),
    holds(lan.cipherSuiteEntries, { ids: Buffer.from(suites) }),
    holds(lan.cipherSuitePrivileges, { levels }),
    holds(lan.badPasswordThreshold, {
      auditEvent: false,
      threshold: 3,
      resetIntervalSeconds: 60,
      lockoutIntervalSeconds: 300,
    }),
    holds(lan.ipv6Support, { ipv6Only: false, both: true, alertsOverIpv6: false }),
    holds(lan.ipv6Enables, { enabled: 'both' }),
    holds(lan.ipv6TrafficClass, { trafficClass: 0 }),
    holds(lan.ipv6HopLimit, { hopLimit: 64 }),
    holds(lan.ipv6FlowLabel, { flowLabel: 0 }),
    holds(lan.ipv6Status, { staticAddresses: 2, dynamicAddresses: 1, dhcpv6: true, slaac: true }),
    ...[0, 1].map((set) =>
      holds(lan.ipv6StaticAddress, {
        set,
        enabled: set === 0,
        source: 'static',
        address: set === 0 ? '2001:db8:77::23' : '::',
        prefixLength: set === 0 ? 64 : 0,
        status: set === 0 ? 'active' : 'disabled',
      }),
    ),
    holds(lan.dhcpv6StaticDuidBlocks, { blocks: 1 }),
    holds(lan.dhcpv6StaticDuid, noDuid(0)),
    holds(lan.ipv6DynamicAddress, {
      set: 0,
      source: 'slaac',
      address: 'fe80::5054:ff:fe77:123',
      prefixLength: 64,
      status: 'active',
    }),
    holds(lan.dhcpv6DynamicDuidBlocks, { blocks: 1 }),
    holds(lan.dhcpv6DynamicDuid, noDuid(0)),
    holds(lan.dhcpv6TimingSupport, { support: 'not-supported' }),
    holds(lan.ipv6RouterControl, { static: true, dynamic: true }),
    holds(lan.ipv6StaticRouter1Address, { address: '2001:db8:77::1' }),
    holds(lan.ipv6StaticRouter1Mac, { address: '52:54:00:00:01:01' }),
    holds(lan.ipv6StaticRouter1PrefixLength, { length: 64 }),
    holds(lan.ipv6StaticRouter1Prefix, { prefix: '2001:db8:77::' }),
    holds(lan.ipv6DynamicRouters, { count: 0 }),
    holds(lan.ipv6DynamicRouterHopLimit, { hopLimit: 0 }),
    holds(lan.ndSlaacTimingSupport, { support: 0 }),
  ];
}

export function solContent(lanChannel: number): StoredParameter[] {
  const sol = solParameters;
  return [
    holds(sol.enable, { enabled: true }),
    holds(sol.authentication, { forceEncryption: true, forceAuthentication: true, privilege: 'operator' }),
    holds(sol.accumulate, { intervalMs: 60, sendThreshold: 96 }),
    holds(sol.retry, { count: 7, intervalMs: 500 }),
    holds(sol.nonVolatileBitRate, { rate: '115200' }),
    holds(sol.volatileBitRate, { rate: '115200' }),
    holds(sol.payloadChannel, { channel: lanChannel }),
    holds(sol.payloadPort, { port: 623 }),
  ];
}

export function serialContent(): StoredParameter[] {
  const serial = serialParameters;
  return [
    holds(serial.authenticationTypeSupport, { ...noTypes, md5: true, password: true }),
    holds(serial.authenticationTypeEnables, {
      callback: nothing,
      user: nothing,
      operator: nothing,
      administrator: nothing,
      oem: nothing,
    }),
    holds(serial.connectionMode, { connection: 'direct', terminalMode: true, pppMode: false, basicMode: true }),
    holds(serial.inactivityTimeout, { timeoutSeconds: 120 }),
    holds(serial.sessionTermination, { onInactivity: true, onCarrierLoss: false }),
    holds(serial.messaging, { flowControl: 'none', hangUpByDtr: false, bitRate: '115200' }),
    holds(serial.terminalMode, {
      lineEditing: true,
      deleteSends: 'backspace-space-backspace',
      echo: true,
      handshake: true,
      outputNewline: 'cr-lf',
      inputNewline: 'cr',
    }),
  ];
}
