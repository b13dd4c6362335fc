/** The DHCP server of one network. */
import { AthanorError } from '../../errors/index.ts';
import { messageType, messageTypeOf } from '../../protocols/dhcp/index.ts';
import { subnetContains } from './addresses.ts';
import { clientOf, packetIn } from './client.ts';
import { type Exchange, type ExchangeTools, handlers } from './exchange.ts';
import { createLeaseTable, type LeaseTable } from './lease-table.ts';
import { defaultTiming } from './ports.ts';
import type { DhcpServerOptions, DhcpStatus, OpenTransport, ServedNetwork } from './ports.ts';
import { createRivalWatch } from './rival-watch.ts';
import { createRouterAdvertiser } from './router-advertiser.ts';
import { checkServedNetwork } from './served-network.ts';
import { interfaceTransport } from './transport.ts';

export interface DhcpServer {
  /** Load the leases and open the sockets; clients are answered once the first look for rivals is over (about 1 s). */
  start(): Promise<void>;
  stop(): Promise<void>;
  status(): DhcpStatus;
  /**
   * Serve by these settings from the next packet on. Throws `invalid-configuration` and changes nothing when they are
   * wrong, or name another network, interface or server address: that takes another server.
   */
  reconfigure(network: ServedNetwork): void;
}

/** Clients whose message is being worked on at one time; more are left to ask again. */
const clientsAtOnce = 4096;

interface Running {
  transport: OpenTransport;
  table: LeaseTable;
  tools: ExchangeTools;
}

/** A server that is stopped until started. Throws `invalid-configuration` when the network cannot be served. */
export function createDhcpServer(options: DhcpServerOptions): DhcpServer {
  const { leases, backend, clock, logger } = options;
  const timing = { ...defaultTiming, ...options.timing };
  let network = checkServedNetwork(options.network);
  let running: Running | undefined;
  /** MAC → the newest message that came in while an earlier one of the same client is worked on. */
  const busy = new Map<string, Exchange | undefined>();

  const watch = createRivalWatch({
    network,
    clock,
    random: options.random,
    logger,
    timing,
    send: (bytes) => running?.transport.probe(bytes),
    changed: (status) => backend.statusChanged?.(network.name, status),
  });
  const advertiser = createRouterAdvertiser(clock, () => running?.transport.advertise());
  const serving = (): boolean => running !== undefined && watch.status().state === 'serving';

  /** One message of a client after another: the answer to the newest is the one it waits for. */
  const work = async (exchange: Exchange, tools: ExchangeTools): Promise<void> => {
    const { mac } = exchange.client;
    let next: Exchange | undefined = exchange;
    while (next !== undefined && serving()) {
      busy.set(mac, undefined);
      try {
        await handlers.get(messageTypeOf(next.packet) ?? 0)?.(next, tools);
      } catch (error) {
        logger.error({ error, network: network.name, mac }, 'a DHCP message could not be answered');
      }
      next = busy.get(mac);
    }
    busy.delete(mac);
  };

  const toServer = (bytes: Uint8Array): void => {
    if (running === undefined || !serving()) return;
    const exchange = readExchange(bytes, network, watch.probeMac);
    if (exchange === undefined) return;
    const type = messageTypeOf(exchange.packet);
    if (exchange.client.kind !== 'none' && (type === messageType.discover || type === messageType.request)) {
      advertiser.heard();
    }
    const { mac } = exchange.client;
    if (busy.has(mac)) {
      busy.set(mac, exchange);
    } else if (busy.size < clientsAtOnce) {
      busy.set(mac, undefined);
      void work(exchange, running.tools);
    } else {
      logger.debug({ network: network.name, mac }, 'too many clients at once: this one will ask again');
    }
  };

  const toClient = (bytes: Uint8Array, from: string): void => watch.heard(bytes, from);

  return {
    status: () => watch.status(),
    start: async () => {
      if (running !== undefined) return;
      const table = createLeaseTable(network, await leases.load(network.name));
      const open = options.transport ?? interfaceTransport;
      const transport = await open(network, { toServer, toClient }, { clock, logger });
      const tools: ExchangeTools = {
        table,
        leases,
        backend,
        clock,
        logger,
        timing,
        serving,
        send: ({ bytes, address, port }) => transport.reply(bytes, address, port),
        whoHas: (address) => transport.whoHas(address),
        rivalSuspected: () => watch.suspect(),
      };
      running = { transport, table, tools };
      watch.start();
    },
    stop: async () => {
      const stopping = running;
      running = undefined;
      watch.stop();
      advertiser.stop();
      await stopping?.transport.close();
    },
    reconfigure: (changed) => {
      const checked = checkServedNetwork(changed);
      for (const field of ['name', 'interface', 'address'] as const) {
        if (checked[field] === network[field]) continue;
        throw new AthanorError(
          'invalid-configuration',
          `${field} of a served network cannot change while it is served`,
          {
            field,
            value: checked[field],
            remedy: 'Stop the server of this network and start one with the new settings.',
          },
        );
      }
      network = checked;
      running?.table.reconfigure(checked);
      watch.reconfigure(checked);
    },
  };
}

/** A client's message that this network answers, or undefined for all else that comes to port 67. */
function readExchange(bytes: Uint8Array, network: ServedNetwork, probeMac: string): Exchange | undefined {
  const packet = packetIn(bytes);
  if (packet?.op !== 1) return undefined;
  // A relay of another subnet has its clients there: none of our addresses would work for them.
  const relay = packet.giaddr;
  if (relay !== '0.0.0.0' && !subnetContains(network.address, network.prefixLength, relay)) return undefined;
  const client = clientOf(packet, network.name);
  return client === undefined || client.mac === probeMac ? undefined : { packet, client, network };
}
