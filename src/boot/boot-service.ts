import { AthanorError } from '../errors/index.ts';
import type { BootClock, BootLogger } from './boot-ports.ts';
import { checkServedNetwork, createDhcpServer } from './dhcp/index.ts';
import type { DhcpEvent, DhcpServer, DhcpStatus, LeaseStore, ServedNetwork } from './dhcp/index.ts';
import { createBootHttpServer } from './http/index.ts';
import type { BootHttpLimits, BootHttpServer } from './http/index.ts';
import { indexLeases } from './lease-index.ts';
import { createNetboot } from './netboot/index.ts';
import type { BootBackend } from './netboot/index.ts';
import { listenOnInterface, openUdpSocket } from './sockets.ts';
import { createTftpServer } from './tftp/index.ts';
import type { TftpServer } from './tftp/index.ts';

/** What the boot service asks of the rest; who holds an address it knows from the leases itself. */
export interface BootServiceBackend extends Omit<BootBackend, 'macOf'> {
  /** A DHCP message was heard or sent. */
  dhcpSeen?(event: DhcpEvent): void;
  /** A network began or stopped to be served, or is blocked by a rival. */
  statusChanged?(network: string, status: DhcpStatus): void;
  /** A host name for a machine whose reservation has none. */
  hostname?(mac: string): string | undefined;
}

export interface BootServiceOptions {
  networks: ServedNetwork[];
  backend: BootServiceBackend;
  leases: LeaseStore;
  loadersDirectory: string;
  /** 80 unless told. */
  httpPort?: number;
  httpLimits?: Partial<BootHttpLimits>;
  clock: BootClock;
  random: (length: number) => Uint8Array;
  logger: BootLogger;
}

export interface NetworkStatus {
  network: string;
  interface: string;
  address: string;
  dhcp: DhcpStatus;
  httpPort: number;
  /** TFTP transfers under way. */
  tftpTransfers: number;
}

export interface BootService {
  /** Serves every network, or none: what had begun is stopped again when one cannot be served, and the cause is thrown. */
  start(): Promise<void>;
  stop(): Promise<void>;
  status(): NetworkStatus[];
  /**
   * Serves these networks from now on: what is new starts, what is gone stops, what changed goes on with its clients. When
   * one of them is wrong or cannot be served, the former networks are served on and the cause is thrown.
   */
  reconfigure(networks: ServedNetwork[]): Promise<void>;
  /** The MAC that holds an address, from the leases. */
  macOf(network: string, address: string): string | undefined;
}

interface Served {
  network: ServedNetwork;
  dhcp: DhcpServer;
  tftp: TftpServer;
  http: BootHttpServer;
}

function checkNetworks(networks: readonly ServedNetwork[]): ServedNetwork[] {
  const checked = networks.map((network) => checkServedNetwork(network));
  for (const field of ['name', 'interface'] as const) {
    const seen = new Set<string>();
    for (const network of checked) {
      if (seen.has(network[field])) {
        throw new AthanorError('invalid-configuration', `Two networks have the ${field} ${network[field]}`, {
          field,
          value: network[field],
          remedy: `Give each network a ${field} of its own.`,
        });
      }
      seen.add(network[field]);
    }
  }
  return checked;
}

/** DHCP, TFTP and HTTP on each network, stopped until started. All of its state but the leases is in memory. */
export function createBootService(options: BootServiceOptions): BootService {
  const { backend, clock, random, logger, httpPort = 80 } = options;
  const leases = indexLeases(options.leases, clock);
  const netboot = createNetboot({
    backend: {
      answer: (client) => backend.answer(client),
      ticket: (request) => backend.ticket(request),
      request: (request) => backend.request(request),
      seen: (event) => backend.seen(event),
      macOf: (network, address) => leases.macOf(network, address),
    },
    loadersDirectory: options.loadersDirectory,
    clock,
    logger,
  });
  let networks = checkNetworks(options.networks);
  const served = new Map<string, Served>();
  let started = false;
  /** Starting, stopping and reconfiguring wait for each other. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  };

  const startNetwork = async (network: ServedNetwork): Promise<void> => {
    const { name, address } = network;
    const boot = netboot.onNetwork({ name, serverAddress: address, httpPort });
    const begun: { close(): Promise<void> }[] = [];
    try {
      // DHCP comes last: a client that is told of a file finds it.
      const http = await createBootHttpServer({
        address,
        port: httpPort,
        listen: (server, where) => listenOnInterface(server, { ...where, interface: network.interface }),
        respond: boot.httpRespond,
        logger,
        ...(options.httpLimits === undefined ? {} : { limits: options.httpLimits }),
      });
      begun.push(http);
      const tftp = await createTftpServer({
        address,
        interface: network.interface,
        openSocket: openUdpSocket,
        read: boot.tftpRead,
        onTransfer: boot.tftpEnded,
        clock,
        logger,
      });
      begun.push(tftp);
      const dhcp = createDhcpServer({
        network,
        leases,
        backend: {
          bootOptions: boot.bootOptions,
          seen: (event) => backend.dhcpSeen?.(event),
          hostname: (mac) => backend.hostname?.(mac),
          statusChanged: (which, status) => backend.statusChanged?.(which, status),
        },
        clock,
        random,
        logger,
      });
      await dhcp.start();
      served.set(name, { network, dhcp, tftp, http });
    } catch (error) {
      await Promise.all(begun.map((server) => server.close()));
      throw error;
    }
  };

  const stopNetwork = async (name: string): Promise<void> => {
    const running = served.get(name);
    served.delete(name);
    await running?.dhcp.stop();
    await Promise.all([running?.tftp.close(), running?.http.close()]);
  };

  const stopAll = async (): Promise<void> => {
    started = false;
    await Promise.all([...served.keys()].map(stopNetwork));
  };

  /** Where a server of the network runs that can go on with these settings. */
  const fitting = (network: ServedNetwork): Served | undefined => {
    const running = served.get(network.name);
    const same = running?.network.interface === network.interface && running.network.address === network.address;
    return same ? running : undefined;
  };

  const settle = async (): Promise<void> => {
    for (const name of served.keys()) {
      const wanted = networks.find((network) => network.name === name);
      if (wanted === undefined || fitting(wanted) === undefined) await stopNetwork(name);
    }
    for (const network of networks) {
      const running = fitting(network);
      if (running === undefined) {
        await startNetwork(network);
        continue;
      }
      running.dhcp.reconfigure(network);
      running.network = network;
    }
  };

  return {
    start: () =>
      inTurn(async () => {
        if (started) return;
        try {
          await settle();
          started = true;
        } catch (error) {
          await stopAll();
          throw error;
        }
      }),
    stop: () => inTurn(stopAll),
    status: () =>
      [...served.values()].map(({ network, dhcp, tftp, http }) => ({
        network: network.name,
        interface: network.interface,
        address: network.address,
        dhcp: dhcp.status(),
        httpPort: http.port,
        tftpTransfers: tftp.active(),
      })),
    reconfigure: (changed) =>
      inTurn(async () => {
        const former = networks;
        networks = checkNetworks(changed);
        if (!started) return;
        try {
          await settle();
        } catch (error) {
          networks = former;
          await settle();
          throw error;
        }
      }),
    macOf: (network, address) => leases.macOf(network, address),
  };
}
