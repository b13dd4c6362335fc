/** A BMC on a UDP socket of its own, that real IPMI 2.0 clients can log in to. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { IpmiDecodeError } from '../../protocols/ipmi/index.ts';
import type { SimulatedServer, SimulatedUser, SimulatorClock } from './area.ts';
import type { Areas } from './area-set.ts';
import type { Faults } from './faults.ts';
import { noFaults } from './faults.ts';
import { createImpairedPath } from './impaired-path.ts';
import type { ReceivedRequest } from './management-controller.ts';
import { createManagementController } from './management-controller.ts';
import type { Satellite } from './satellites.ts';
import { usualSatellites } from './satellites.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { Endpoint } from './session-table.ts';
import type { SimulatedLogin } from './users.ts';
import { userTable } from './users.ts';

export interface SimulatedBmcOptions {
  address: string;
  /** 0 for any that is free. */
  port: number;
  name: string;
  users: readonly SimulatedLogin[];
  clock: SimulatorClock;
  random(length: number): Uint8Array;
  /** Sixteen bytes as they go over the wire. */
  guid?: Uint8Array;
  /** 3 and 17 when left out. */
  cipherSuites?: readonly number[];
  /** K[G], at most twenty bytes. */
  kg?: Uint8Array;
  /** 8 when left out. */
  maximumSessions?: number;
  powerOn?: boolean;
  satellites?: readonly Satellite[];
  faults?: Partial<Faults>;
  /** What the faults' choices are made from. */
  seed?: number;
  /** Hears every request that is genuine, before it is answered. */
  onRequest?: (request: ReceivedRequest) => void;
  /** Hears of mistakes in the simulator itself. */
  onError?: (error: unknown) => void;
}

export interface SimulatedBmc {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly server: SimulatedServer;
  readonly users: SimulatedUser[];
  /** May be written at any time. */
  readonly faults: Faults;
  readonly areas: Areas;
  /** Sessions open now. */
  sessions(): number;
  /** Restarts: every session is forgotten without a word, and nothing is answered for so long. */
  reset(silentMs: number): void;
  stop(): Promise<void>;
}

interface Datagram {
  bytes: Uint8Array;
  peer: Endpoint;
}

/** Rejects when the address cannot be bound. */
export async function startSimulatedBmc(options: SimulatedBmcOptions): Promise<SimulatedBmc> {
  const { clock, random, onError = () => undefined } = options;
  const faults: Faults = { ...noFaults(), ...options.faults };
  const chances = createSeededRandom(options.seed ?? 1);
  const server: SimulatedServer = { powerOn: options.powerOn ?? false, onPower: new Set() };
  const users = userTable(options.users);
  const socket = createSocket(isIPv6(options.address) ? 'udp6' : 'udp4');

  const outbound = createImpairedPath<Datagram>(faults, chances, clock, ({ bytes, peer }) => {
    // A console that is gone, or a route that is: as a lost packet.
    if (open) socket.send(bytes, peer.port, peer.address, () => undefined);
  });
  const controller = createManagementController({
    clock,
    random,
    chances,
    faults,
    server,
    users,
    guid: options.guid ?? Buffer.from(random(16)),
    suites: options.cipherSuites ?? [3, 17],
    kg: options.kg,
    maximumSessions: options.maximumSessions ?? 8,
    satellites: options.satellites ?? usualSatellites,
    send: (bytes, peer) => outbound.pass({ bytes, peer }),
    ...(options.onRequest !== undefined && { onRequest: options.onRequest }),
    onError,
  });
  const inbound = createImpairedPath<Datagram>(faults, chances, clock, ({ bytes, peer }) => {
    try {
      controller.receive(bytes, peer);
    } catch (error) {
      // What is no IPMI is dropped without an answer, as by any BMC.
      if (!(error instanceof IpmiDecodeError)) onError(error);
    }
  });
  let open = true;
  socket.on('message', (bytes, peer) => inbound.pass({ bytes, peer }));
  await bind(socket, options);
  socket.on('error', onError);
  // Clients leave where serial over LAN is said to be at another port.
  controller.areas.sol.controls.udpPort = socket.address().port;

  return {
    name: options.name,
    address: options.address,
    port: socket.address().port,
    server,
    users,
    faults,
    areas: controller.areas,
    sessions: () => controller.sessions(),
    reset: (silentMs) => controller.reset(silentMs),
    async stop() {
      if (!open) return;
      open = false;
      inbound.close();
      outbound.close();
      controller.stop();
      await new Promise<void>((closed) => {
        socket.close(closed);
      });
    },
  };
}

function bind(socket: Socket, { address, port }: SimulatedBmcOptions): Promise<void> {
  return new Promise((bound, failed) => {
    socket.once('error', failed);
    socket.bind(port, address, () => {
      socket.off('error', failed);
      bound();
    });
  });
}
