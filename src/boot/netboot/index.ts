/** What a machine that boots from the network is told, by DHCP, TFTP and HTTP, from one answer held in memory. */
export type { BootAnswer, BootBackend, BootEvent, BootEventKind, BootTicketRequest } from './backend.ts';
export type { Netboot, NetbootNetwork, NetbootOffer, NetbootOptions, NetworkBoot } from './netboot.ts';
export { createNetboot } from './netboot.ts';
