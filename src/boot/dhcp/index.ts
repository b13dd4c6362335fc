/**
 * DHCPv4 for machines that boot: one server for each network, on that network's interface alone. It stores a lease
 * before it acknowledges it, keeps silent beside another DHCP server, and tells the rest of the boot services who asked.
 */
export * from './addresses.ts';
export * from './ports.ts';
export { createDhcpServer, type DhcpServer } from './server.ts';
export { checkServedNetwork } from './served-network.ts';
export { interfaceTransport, neighbourIn } from './transport.ts';
