/** What the server does with each message of a client (RFC 2131, sections 4.3.1 to 4.3.5). */
import { addressOption, type DhcpPacket, messageType, option } from '../../protocols/dhcp/index.ts';
import type { BootClock, BootLogger } from '../boot-ports.ts';
import type { NetbootClient } from '../netboot-client.ts';
import { subnetContains } from './addresses.ts';
import type { LeaseTable } from './lease-table.ts';
import type { DhcpBackend, DhcpEvent, DhcpTiming, Lease, LeaseStore, ServedNetwork } from './ports.ts';
import { assigningReply, type Reply, refusingReply } from './reply.ts';

/** One message, with the network as it was configured when the message came in. */
export interface Exchange {
  packet: DhcpPacket;
  client: NetbootClient;
  network: ServedNetwork;
}

export interface ExchangeTools {
  table: LeaseTable;
  leases: LeaseStore;
  backend: DhcpBackend;
  clock: BootClock;
  logger: BootLogger;
  timing: DhcpTiming;
  /** May clients be answered now? Asked again after every wait. */
  serving(): boolean;
  send(reply: Reply): void;
  whoHas(address: string): Promise<string | undefined>;
  /** A client chose another server. */
  rivalSuspected(): void;
}

const nowhere = '0.0.0.0';
/** Addresses tried for one DISCOVER: each conflict costs about 100 ms, and firmware waits a few seconds in all. */
const conflictsPerDiscover = 3;

type Handler = (exchange: Exchange, tools: ExchangeTools) => Promise<void>;

/** Message type → what is done. Other types are for clients, and stay unanswered. */
export const handlers: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [messageType.discover, discover],
  [messageType.request, request],
  [messageType.decline, decline],
  [messageType.release, release],
  [messageType.inform, inform],
]);

async function discover(exchange: Exchange, tools: ExchangeTools): Promise<void> {
  const { packet, client, network } = exchange;
  const { table, clock, timing } = tools;
  tell(tools, 'DISCOVER', client);
  for (let tried = 0; tried < conflictsPerDiscover; tried += 1) {
    const address = table.pick(client.mac, addressOption(packet, option.requestedAddress), clock.now());
    if (address === undefined) {
      tell(tools, 'EXHAUSTED', client);
      tools.logger.warn({ network: network.name, mac: client.mac }, 'no address is left: the DISCOVER goes unanswered');
      return;
    }
    const free = await available(exchange, tools, address);
    if (!tools.serving()) return;
    if (!free || !table.mayHave(client.mac, address, clock.now())) continue;
    table.hold(client.mac, address, clock.now() + timing.offerHold);
    tools.send(assigningReply('offer', packet, network, assignment(exchange, tools, address)));
    tell(tools, 'OFFER', client, address);
    return;
  }
}

async function request(exchange: Exchange, tools: ExchangeTools): Promise<void> {
  const { packet, client, network } = exchange;
  const { table, clock } = tools;
  const server = addressOption(packet, option.serverIdentifier);
  const asked = addressOption(packet, option.requestedAddress);
  const address = asked ?? (packet.ciaddr === nowhere ? undefined : packet.ciaddr);
  tell(tools, 'REQUEST', client, address);
  if (server !== undefined && server !== network.address) {
    table.letGo(client.mac);
    tools.rivalSuspected();
    return;
  }
  if (address === undefined) return;

  const now = clock.now();
  if (!subnetContains(network.address, network.prefixLength, address)) {
    refuse(exchange, tools, address, 'the address is not on this network');
    return;
  }
  const lease = table.leaseOf(client.mac);
  const reserved = table.reservationOf(client.mac) !== undefined;
  // INIT-REBOOT, renewing and rebinding of a client we do not know: another server may, RFC 2131, section 4.3.2.
  if (server === undefined && lease === undefined && !reserved) return;
  if (!table.mayHave(client.mac, address, now)) {
    refuse(exchange, tools, address, 'the address is kept for others');
    return;
  }
  if (server === undefined && !reserved && lease?.state === 'bound' && lease.address !== address) {
    refuse(exchange, tools, address, 'this machine has another address');
    return;
  }
  if (!(await available(exchange, tools, address))) {
    refuse(exchange, tools, address, 'the address is in use');
    return;
  }
  await grant(exchange, tools, address);
}

/** Store the lease, then acknowledge it: a server that lost power must still know what it promised. */
async function grant(exchange: Exchange, tools: ExchangeTools, address: string): Promise<void> {
  const { packet, client, network } = exchange;
  const { table, clock, timing, logger } = tools;
  const fields = { network: network.name, mac: client.mac, address };
  table.hold(client.mac, address, clock.now() + timing.storeDeadline + timing.offerHold);
  const answer = assignment(exchange, tools, address);
  const lease: Lease = {
    network: network.name,
    mac: client.mac,
    address,
    expiresAt: clock.now() + network.leaseSeconds * 1000,
    ...(answer.hostname === undefined ? {} : { hostname: answer.hostname }),
    state: 'bound',
  };
  if (!(await stored(lease, tools))) return;
  table.letGo(client.mac);
  if (!tools.serving() || !table.mayHave(client.mac, address, clock.now())) {
    logger.info(fields, 'the lease is stored but not acknowledged: the server was stopped, blocked or reconfigured');
    return;
  }
  table.record(lease);
  tools.send(assigningReply('ack', packet, network, answer));
  tell(tools, 'ACK', client, address);
}

async function decline(exchange: Exchange, tools: ExchangeTools): Promise<void> {
  const { packet, client, network } = exchange;
  const { table, clock, timing } = tools;
  const address = addressOption(packet, option.requestedAddress);
  if (address === undefined || isForAnother(packet, network)) return;
  // Only whoever was given an address may spoil it.
  if (table.currentAddress(client.mac, clock.now()) !== address) return;
  const until = clock.now() + timing.quarantine;
  tell(tools, 'DECLINE', client, address);
  const reserved = table.reservationOf(client.mac) !== undefined;
  const consequence = reserved ? 'it stays reserved, so it is offered again' : 'it is not handed out for a while';
  tools.logger.warn(
    { network: network.name, mac: client.mac, address },
    `the client found its address in use: ${consequence}`,
  );
  table.letGo(client.mac);
  const lease: Lease = { network: network.name, mac: client.mac, address, expiresAt: until, state: 'declined' };
  table.record(lease);
  await stored(lease, tools);
}

async function release(exchange: Exchange, tools: ExchangeTools): Promise<void> {
  const { packet, client, network } = exchange;
  const lease = tools.table.leaseOf(client.mac);
  if (lease?.state !== 'bound' || lease.address !== packet.ciaddr || isForAnother(packet, network)) return;
  tell(tools, 'RELEASE', client, lease.address);
  const released: Lease = { ...lease, state: 'released', expiresAt: tools.clock.now() };
  tools.table.record(released);
  await stored(released, tools);
}

async function inform(exchange: Exchange, tools: ExchangeTools): Promise<void> {
  const { packet, client, network } = exchange;
  // The answer goes to ciaddr: to an address of this subnet, or it would help to flood somebody else.
  if (!subnetContains(network.address, network.prefixLength, packet.ciaddr)) return;
  tell(tools, 'INFORM', client, packet.ciaddr);
  tools.send(assigningReply('ack', packet, network, { ...assignment(exchange, tools, undefined) }));
  tell(tools, 'ACK', client, packet.ciaddr);
}

/** Is nobody else using the address? Asked for addresses that are new to the client; a relay's link cannot be asked. */
async function available(exchange: Exchange, tools: ExchangeTools, address: string): Promise<boolean> {
  const { packet, client, network } = exchange;
  const { table, clock, timing } = tools;
  if (packet.giaddr !== nowhere || table.currentAddress(client.mac, clock.now()) === address) return true;
  table.hold(client.mac, address, clock.now() + timing.offerHold);
  const holder = await tools.whoHas(address);
  if (holder === undefined || holder === client.mac) return true;
  tell(tools, 'CONFLICT', client, address, `in use by ${holder}`);
  const fields = { network: network.name, mac: client.mac, address, holder };
  if (table.reservationOf(client.mac) !== undefined) {
    tools.logger.warn(fields, 'a reserved address is in use by another machine: it is given out all the same');
    return true;
  }
  tools.logger.warn(fields, 'an address of the range is in use by another machine: it is not handed out for a while');
  table.letGo(client.mac);
  table.quarantine(address, clock.now() + timing.quarantine);
  return false;
}

function refuse(exchange: Exchange, tools: ExchangeTools, address: string, why: string): void {
  if (!tools.serving()) return;
  tools.table.letGo(exchange.client.mac);
  tools.send(refusingReply(exchange.packet, exchange.network, why));
  tell(tools, 'NAK', exchange.client, address, why);
}

function assignment(exchange: Exchange, tools: ExchangeTools, address: string | undefined) {
  const { client, network } = exchange;
  const boot = client.kind === 'none' ? undefined : tools.backend.bootOptions(client, network.address);
  const hostname = tools.table.reservationOf(client.mac)?.hostname ?? tools.backend.hostname?.(client.mac);
  return { client, address, hostname, boot };
}

function isForAnother(packet: DhcpPacket, network: ServedNetwork): boolean {
  const server = addressOption(packet, option.serverIdentifier);
  return server !== undefined && server !== network.address;
}

/** Has the store taken the lease within its deadline? */
async function stored(lease: Lease, { leases, clock, timing, logger }: ExchangeTools): Promise<boolean> {
  const fields = { network: lease.network, mac: lease.mac, address: lease.address };
  let cancel = (): void => {};
  const deadline = new Promise<'late'>((resolve) => {
    cancel = clock.after(timing.storeDeadline, () => resolve('late'));
  });
  try {
    if ((await Promise.race([leases.put(lease), deadline])) !== 'late') return true;
    logger.error(fields, 'the lease was not stored in time: the client is not answered');
  } catch (error) {
    logger.error({ ...fields, error }, 'the lease could not be stored: the client is not answered');
  } finally {
    cancel();
  }
  return false;
}

function tell(
  { backend, clock }: ExchangeTools,
  type: DhcpEvent['type'],
  client: NetbootClient,
  address?: string,
  detail?: string,
): void {
  backend.seen({
    type,
    at: clock.now(),
    client,
    ...(address === undefined ? {} : { address }),
    ...(detail === undefined ? {} : { detail }),
  });
}
