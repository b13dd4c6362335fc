/** What the DHCP server is told, what it asks of others, and what it tells them. */
import type { BootClock, BootLogger } from '../boot-ports.ts';
import type { NetbootClient } from '../netboot-client.ts';

export interface AddressRange {
  first: string;
  last: string;
}

/** An address kept for one machine: it is handed to nobody else. */
export interface Reservation {
  mac: string;
  address: string;
  hostname?: string;
}

/** A network that the server answers on. */
export interface ServedNetwork {
  name: string;
  /** The network interface; nothing is heard or sent on any other. */
  interface: string;
  /** The server's own IPv4 address on it. */
  address: string;
  prefixLength: number;
  /** Addresses for machines without a reservation; empty serves reservations alone. */
  ranges: AddressRange[];
  reservations: Reservation[];
  gateway?: string;
  dns: string[];
  ntp?: string[];
  domain?: string;
  leaseSeconds: number;
  /** Answer even where another DHCP server does. */
  allowRival: boolean;
  /** Send Router Advertisements that spare iPXE its wait for IPv6. */
  routerAdvertisement: boolean;
}

/** An address handed out; there is at most one for each network and MAC. */
export interface Lease {
  network: string;
  mac: string;
  address: string;
  /** Milliseconds since 1970. For a declined address, the end of its quarantine. */
  expiresAt: number;
  hostname?: string;
  state: 'bound' | 'declined' | 'released';
}

/** Where leases are kept. A lease replaces the one of the same network and MAC. */
export interface LeaseStore {
  load(network: string): Promise<Lease[]>;
  /** Resolves only when the lease would survive a power cut: the ACK is sent after that. */
  put(lease: Lease): Promise<void>;
  remove(network: string, mac: string): Promise<void>;
}

/** What a booting client is told to load. */
export interface BootOptions {
  /** Header field `file` and option 67: a TFTP path, or a URL for HTTP boot and iPXE. */
  bootFile?: string;
  /** Header field `siaddr` and option 66; the server's own address when left out. */
  nextServer?: string;
  /** Option 60 of the answer, instead of echoing `PXEClient` or `HTTPClient` to the firmware that said so. */
  vendorClassEcho?: string;
}

export interface DhcpEvent {
  /** A message heard or sent; EXHAUSTED and CONFLICT are why a DISCOVER stayed unanswered or an address was skipped. */
  type: 'DISCOVER' | 'OFFER' | 'REQUEST' | 'ACK' | 'NAK' | 'DECLINE' | 'RELEASE' | 'INFORM' | 'EXHAUSTED' | 'CONFLICT';
  /** Milliseconds since 1970. */
  at: number;
  client: NetbootClient;
  address?: string;
  /** Why, for NAK and CONFLICT. */
  detail?: string;
}

export interface DhcpStatus {
  state: 'stopped' | 'probing' | 'serving' | 'blocked';
  /** The address of the other DHCP server, when blocked by one. */
  rival?: string;
  /** Since when it is so, in milliseconds since 1970. */
  since: number;
}

/** The rest of the boot services, seen from DHCP. All of it answers at once, from memory. */
export interface DhcpBackend {
  /** What this client is to load; undefined gives it an address and nothing more. */
  bootOptions(client: NetbootClient, serverAddress: string): BootOptions | undefined;
  seen(event: DhcpEvent): void;
  /** A host name for a machine whose reservation has none. */
  hostname?(mac: string): string | undefined;
  /** The server of a network changed its state. */
  statusChanged?(network: string, status: DhcpStatus): void;
}

export interface TransportHandlers {
  /** A packet came to port 67. */
  toServer(bytes: Uint8Array): void;
  /** A packet came to port 68: another server's answer, or the broadcast of our own. */
  toClient(bytes: Uint8Array, from: string): void;
}

export interface OpenTransport {
  /** Send from port 67 of the server's address. */
  reply(bytes: Uint8Array, address: string, port: number): void;
  /** Broadcast from port 68 to port 67, as a client does. */
  probe(bytes: Uint8Array): void;
  /** Who on the link answers for this address: its MAC, or undefined within about 100 ms when nobody does. */
  whoHas(address: string): Promise<string | undefined>;
  /** Send one Router Advertisement. */
  advertise(): void;
  close(): Promise<void>;
}

/** Opens the sockets of one network. */
export type DhcpTransport = (
  network: ServedNetwork,
  handlers: TransportHandlers,
  tools: { clock: BootClock; logger: BootLogger },
) => Promise<OpenTransport>;

export interface DhcpServerOptions {
  network: ServedNetwork;
  leases: LeaseStore;
  backend: DhcpBackend;
  clock: BootClock;
  /** Random bytes, for transaction ids and the address that probes are sent from. */
  random: (length: number) => Uint8Array;
  logger: BootLogger;
  /** How packets travel; the network's interface when left out. */
  transport?: DhcpTransport;
  timing?: Partial<DhcpTiming>;
}

/** All waits of the server, in milliseconds. */
export interface DhcpTiming {
  /** How long a first probe for rivals waits for an answer; nothing is offered meanwhile. */
  probeWait: number;
  /** How often a serving server probes for rivals. */
  probeWhileServing: number;
  /** How often a blocked server looks whether the rival has gone. */
  probeWhileBlocked: number;
  /** How long a rival must have been silent before a blocked server resumes. */
  rivalSilence: number;
  /** How long an offered address is kept for the client. */
  offerHold: number;
  /** How long a declined or conflicting address is not handed out. */
  quarantine: number;
  /** How long storing a lease may take before the client goes unanswered. */
  storeDeadline: number;
}

export const defaultTiming: DhcpTiming = {
  probeWait: 1_000,
  probeWhileServing: 60_000,
  probeWhileBlocked: 5_000,
  rivalSilence: 12_000,
  offerHold: 30_000,
  quarantine: 600_000,
  storeDeadline: 10_000,
};
