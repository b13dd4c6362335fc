/** LAN configuration parameters 50–80, IPv6 (IPMI v2.0 rev. 1.1 errata 7, table 23-4). */
import { bits, byteAt, bytesAt, choice, flag, flowLabelAt, ipv6At, macAt, parameter } from './fields.ts';

const addressStatus = { active: 0, disabled: 1, pending: 2, failed: 3, deprecated: 4, invalid: 5 } as const;
const timingSupport = { 'not-supported': 0, global: 1, 'per-interface': 2 } as const;

/** One block of sixteen bytes out of a longer value: set selector, block selector, data. */
const block = { set: byteAt(0), block: byteAt(1), data: bytesAt(2, 16) };

export const lanIpv6Parameters = {
  ipv6Support: parameter(50, 'IPv6/IPv4 Support', 'read-only', {
    ipv6Only: flag(0, 0),
    both: flag(0, 1),
    alertsOverIpv6: flag(0, 2),
  }),
  ipv6Enables: parameter(51, 'IPv6/IPv4 Addressing Enables', 'read-write', {
    enabled: choice(0, 0, 8, { ipv4: 0, ipv6: 1, both: 2 }),
  }),
  ipv6TrafficClass: parameter(52, 'IPv6 Header Traffic Class', 'read-write', { trafficClass: byteAt(0) }),
  ipv6HopLimit: parameter(53, 'IPv6 Header Static Hop Limit', 'read-write', { hopLimit: byteAt(0) }),
  ipv6FlowLabel: parameter(54, 'IPv6 Header Flow Label', 'read-write', { flowLabel: flowLabelAt(0) }),
  ipv6Status: parameter(55, 'IPv6 Status', 'read-only', {
    staticAddresses: byteAt(0),
    dynamicAddresses: byteAt(1),
    dhcpv6: flag(2, 0),
    slaac: flag(2, 1),
  }),
  ipv6StaticAddress: parameter(56, 'IPv6 Static Addresses', 'read-write', {
    set: byteAt(0),
    enabled: flag(1, 7),
    source: choice(1, 0, 4, { static: 0 }),
    address: ipv6At(2),
    prefixLength: byteAt(18),
    status: choice(19, 0, 8, addressStatus),
  }),
  dhcpv6StaticDuidBlocks: parameter(57, 'IPv6 DHCPv6 Static DUID storage length', 'read-only', { blocks: byteAt(0) }),
  dhcpv6StaticDuid: parameter(58, 'IPv6 DHCPv6 Static DUIDs', 'read-write', block),
  ipv6DynamicAddress: parameter(59, 'IPv6 Dynamic Address', 'read-only', {
    set: byteAt(0),
    source: choice(1, 0, 4, { static: 0, slaac: 1, dhcpv6: 2 }),
    address: ipv6At(2),
    prefixLength: byteAt(18),
    status: choice(19, 0, 8, addressStatus),
  }),
  dhcpv6DynamicDuidBlocks: parameter(60, 'IPv6 DHCPv6 Dynamic DUID storage length', 'read-only', {
    blocks: byteAt(0),
  }),
  dhcpv6DynamicDuid: parameter(61, 'IPv6 DHCPv6 Dynamic DUIDs', 'read-write', block),
  dhcpv6TimingSupport: parameter(62, 'IPv6 DHCPv6 Timing Configuration Support', 'read-only', {
    support: choice(0, 0, 2, timingSupport),
  }),
  dhcpv6Timing: parameter(63, 'IPv6 DHCPv6 Timing Configuration', 'read-write', block),
  ipv6RouterControl: parameter(64, 'IPv6 Router Address Configuration Control', 'read-write', {
    static: flag(0, 0),
    dynamic: flag(0, 1),
  }),
  ipv6StaticRouter1Address: parameter(65, 'IPv6 Static Router 1 IP Address', 'read-write', { address: ipv6At(0) }),
  ipv6StaticRouter1Mac: parameter(66, 'IPv6 Static Router 1 MAC Address', 'read-write', { address: macAt(0) }),
  ipv6StaticRouter1PrefixLength: parameter(67, 'IPv6 Static Router 1 Prefix Length', 'read-write', {
    length: byteAt(0),
  }),
  ipv6StaticRouter1Prefix: parameter(68, 'IPv6 Static Router 1 Prefix Value', 'read-write', { prefix: ipv6At(0) }),
  ipv6StaticRouter2Address: parameter(69, 'IPv6 Static Router 2 IP Address', 'read-write', { address: ipv6At(0) }),
  ipv6StaticRouter2Mac: parameter(70, 'IPv6 Static Router 2 MAC Address', 'read-write', { address: macAt(0) }),
  ipv6StaticRouter2PrefixLength: parameter(71, 'IPv6 Static Router 2 Prefix Length', 'read-write', {
    length: byteAt(0),
  }),
  ipv6StaticRouter2Prefix: parameter(72, 'IPv6 Static Router 2 Prefix Value', 'read-write', { prefix: ipv6At(0) }),
  ipv6DynamicRouters: parameter(73, 'IPv6 Number of Dynamic Router Info Sets', 'read-only', { count: byteAt(0) }),
  ipv6DynamicRouterAddress: parameter(74, 'IPv6 Dynamic Router Info IP Address', 'read-only', {
    set: byteAt(0),
    address: ipv6At(1),
  }),
  ipv6DynamicRouterMac: parameter(75, 'IPv6 Dynamic Router Info MAC Address', 'read-only', {
    set: byteAt(0),
    address: macAt(1),
  }),
  ipv6DynamicRouterPrefixLength: parameter(76, 'IPv6 Dynamic Router Info Prefix Length', 'read-only', {
    set: byteAt(0),
    length: byteAt(1),
  }),
  ipv6DynamicRouterPrefix: parameter(77, 'IPv6 Dynamic Router Info Prefix Value', 'read-only', {
    set: byteAt(0),
    prefix: ipv6At(1),
  }),
  ipv6DynamicRouterHopLimit: parameter(78, 'IPv6 Dynamic Router Received Hop Limit', 'read-only', {
    hopLimit: byteAt(0),
  }),
  ndSlaacTimingSupport: parameter(79, 'IPv6 ND/SLAAC Timing Configuration Support', 'read-only', {
    support: bits(0, 0, 2),
  }),
  ndSlaacTiming: parameter(80, 'IPv6 ND/SLAAC Timing Configuration', 'read-write', block),
} as const;
