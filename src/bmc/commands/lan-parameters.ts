/** What can be said with `lan set`. */
import { z } from 'zod';

const octet = z.number().int().min(0).max(255);
const port = z.number().int().min(1).max(65_535);
const none = z.literal('none');
/** Steps of ten seconds in sixteen bits. */
const seconds = z.number().int().min(0).max(655_350);

export const lanParameters = {
  address: z.ipv4().optional().describe('the IPv4 address; its source is then static'),
  netmask: z.ipv4().optional().describe('the netmask, such as 255.255.255.0'),
  gateway: z.union([z.ipv4(), none]).optional().describe('the default gateway, or none'),
  source: z.enum(['static', 'dhcp', 'bios', 'other']).optional().describe('where the IPv4 address comes from'),
  vlan: z
    .union([z.number().int().min(1).max(4094), none])
    .optional()
    .describe('the VLAN, or none'),
  vlanPriority: z.number().int().min(0).max(7).optional().describe('the priority in the VLAN tag'),
  gatewayMac: z.string().optional().describe("the default gateway's MAC address"),
  backupGateway: z.union([z.ipv4(), none]).optional().describe('the backup gateway, or none'),
  backupGatewayMac: z.string().optional().describe("the backup gateway's MAC address"),
  arpResponses: z.boolean().optional().describe('whether the BMC answers ARP by itself'),
  gratuitousArp: z.boolean().optional().describe('whether it announces its address by ARP'),
  gratuitousArpIntervalMs: z.number().int().min(500).max(128_000).optional().describe('how often, in steps of 500 ms'),
  timeToLive: octet.optional().describe('of IPv4 packets'),
  typeOfService: z.number().int().min(0).max(15).optional().describe('of IPv4 packets'),
  precedence: z.number().int().min(0).max(7).optional().describe('of IPv4 packets'),
  primaryPort: port.optional().describe('the UDP port of IPMI'),
  secondaryPort: port.optional().describe('the UDP port of secured RMCP'),
  community: z.string().max(18).optional().describe('the community string of SNMP traps'),
  badPasswordThreshold: octet.optional().describe('wrong passwords until a user is locked out; 0: never'),
  badPasswordResetSeconds: seconds.optional().describe('after this long wrong passwords are forgotten; 0: never'),
  badPasswordLockoutSeconds: seconds.optional().describe('how long a user is locked out; 0: until enabled again'),
  badPasswordEvent: z.boolean().optional().describe('whether a lockout is logged as an event'),
  ipv6Enabled: z.enum(['ipv4', 'ipv6', 'both']).optional().describe('which of IPv4 and IPv6 are on'),
  ipv6Address: z.union([z.ipv6(), none]).optional().describe('the static IPv6 address, or none'),
  ipv6PrefixLength: z.number().int().min(0).max(128).default(64).describe('the prefix length of that address'),
  ipv6Index: z.number().int().min(0).max(15).optional().describe('which of the static addresses; the first is 0'),
  ipv6Router: z.ipv6().optional().describe('the static IPv6 router'),
  ipv6RouterPrefixLength: z.number().int().min(0).max(128).optional().describe("the length of that router's prefix"),
  ipv6StaticRouters: z.boolean().optional().describe('whether the static router is used'),
  ipv6DynamicRouters: z.boolean().optional().describe('whether routers are taken from announcements'),
} as const;
