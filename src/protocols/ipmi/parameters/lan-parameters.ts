/**
 * LAN configuration parameters 0–26 (IPMI v2.0 §23.2, table 23-4), IPv4 and what is common to both; 50–80 for IPv6 lie in
 * lan-ipv6-parameters.ts. Byte offsets count from the parameter's data; where a set selector leads them, it is byte 0.
 */
import type { Field } from './fields.ts';
import {
  bits,
  byteAt,
  bytesAt,
  choice,
  flag,
  ipv4At,
  ipv6At,
  listOf,
  lowBitsOfWord,
  macAt,
  parameter,
  textAt,
  wordAt,
} from './fields.ts';
import { lanIpv6Parameters } from './lan-ipv6-parameters.ts';
import {
  authenticationTypeEnables,
  authenticationTypeSupport,
  privilegeNames,
  setInProgress,
} from './shared-parameters.ts';

export const addressSources = { unspecified: 0, static: 1, dhcp: 2, bios: 3, other: 4 } as const;

const cipherPrivilege = { unused: 0, ...privilegeNames } as const;
export type CipherSuitePrivilege = keyof typeof cipherPrivilege;

/** Sixteen nibbles from byte 1, the low one first. */
const nibbles: Field<CipherSuitePrivilege | number>[] = Array.from({ length: 16 }, (_, index) =>
  choice(1 + (index >> 1), (index & 1) * 4, 4, cipherPrivilege),
);

export const lanParameters = {
  setInProgress,
  authenticationTypeSupport,
  authenticationTypeEnables,
  ipAddress: parameter(3, 'IP Address', 'read-write', { address: ipv4At(0) }),
  ipAddressSource: parameter(4, 'IP Address Source', 'read-write', { source: choice(0, 0, 4, addressSources) }),
  macAddress: parameter(5, 'MAC Address', 'read-write', { address: macAt(0) }),
  subnetMask: parameter(6, 'Subnet Mask', 'read-write', { mask: ipv4At(0) }),
  ipv4Header: parameter(7, 'IPv4 Header Parameters', 'read-write', {
    timeToLive: byteAt(0),
    flags: bits(1, 5, 3),
    precedence: bits(2, 5, 3),
    typeOfService: bits(2, 1, 4),
  }),
  primaryRmcpPort: parameter(8, 'Primary RMCP Port Number', 'read-write', { port: wordAt(0) }),
  secondaryRmcpPort: parameter(9, 'Secondary RMCP Port Number', 'read-write', { port: wordAt(0) }),
  arpControl: parameter(10, 'BMC-generated ARP control', 'read-write', {
    responses: flag(0, 1),
    gratuitous: flag(0, 0),
  }),
  /** Half seconds, counted from zero. */
  gratuitousArpInterval: parameter(11, 'Gratuitous ARP interval', 'read-write', { intervalMs: byteAt(0, 500, 1) }),
  defaultGatewayAddress: parameter(12, 'Default Gateway Address', 'read-write', { address: ipv4At(0) }),
  defaultGatewayMac: parameter(13, 'Default Gateway MAC Address', 'read-write', { address: macAt(0) }),
  backupGatewayAddress: parameter(14, 'Backup Gateway Address', 'read-write', { address: ipv4At(0) }),
  backupGatewayMac: parameter(15, 'Backup Gateway MAC Address', 'read-write', { address: macAt(0) }),
  communityString: parameter(16, 'Community String', 'read-write', { community: textAt(0, 18) }),
  numberOfDestinations: parameter(17, 'Number of Destinations', 'read-only', { count: bits(0, 0, 4) }),
  /** Destination 0 is volatile: for an alert sent by Alert Immediate. */
  destinationType: parameter(18, 'Destination Type', 'read-write', {
    destination: bits(0, 0, 4),
    acknowledged: flag(1, 7),
    type: choice(1, 0, 3, { 'platform-event-trap': 0, oem1: 6, oem2: 7 }),
    /** The wait for an acknowledgement, or between the tries where none is asked for: seconds, counted from zero. */
    timeoutSeconds: byteAt(2, 1, 1),
    retries: bits(3, 0, 3),
  }),
  /** The IPv4 form. */
  destinationAddresses: parameter(19, 'Destination Addresses', 'read-write', {
    destination: bits(0, 0, 4),
    format: choice(1, 4, 4, { ipv4: 0, ipv6: 1 }),
    backupGateway: flag(2, 0),
    address: ipv4At(3),
    macAddress: macAt(7),
  }),
  /** The IPv6 form: what parameter 19 holds where `format` says so. */
  destinationIpv6Address: parameter(19, 'Destination Addresses', 'read-write', {
    destination: bits(0, 0, 4),
    format: choice(1, 4, 4, { ipv4: 0, ipv6: 1 }),
    address: ipv6At(2),
  }),
  vlanId: parameter(20, '802.1q VLAN ID', 'read-write', { id: lowBitsOfWord(0, 12), enabled: flag(1, 7) }),
  vlanPriority: parameter(21, '802.1q VLAN Priority', 'read-write', { priority: bits(0, 0, 3) }),
  cipherSuiteEntrySupport: parameter(22, 'RMCP+ Messaging Cipher Suite Entry Support', 'read-only', {
    count: bits(0, 0, 5),
  }),
  /** Byte 0 is reserved. Sixteen ids; as many count as parameter 22 tells. */
  cipherSuiteEntries: parameter(23, 'RMCP+ Messaging Cipher Suite Entries', 'read-only', { ids: bytesAt(1, 16) }),
  /** The maximum privilege of the suite that stands at the same place in parameter 23. */
  cipherSuitePrivileges: parameter(24, 'RMCP+ Messaging Cipher Suite Privilege Levels', 'read-write', {
    levels: listOf(nibbles),
  }),
  destinationVlanTags: parameter(25, 'Destination Address VLAN TAGs', 'read-write', {
    destination: bits(0, 0, 4),
    tagged: flag(1, 4),
    id: lowBitsOfWord(2, 12),
    canonicalFormat: flag(3, 4),
    priority: bits(3, 5, 3),
  }),
  /** Intervals count ten seconds each. */
  badPasswordThreshold: parameter(26, 'Bad Password Threshold', 'read-write', {
    /** A session audit event when a user is locked out. */
    auditEvent: flag(0, 0),
    /** 0: users are never locked out. */
    threshold: byteAt(1),
    /** 0: the count is never reset by time. */
    resetIntervalSeconds: wordAt(2, 10),
    /** 0: until the user is enabled again. */
    lockoutIntervalSeconds: wordAt(4, 10),
  }),
  ...lanIpv6Parameters,
} as const;
