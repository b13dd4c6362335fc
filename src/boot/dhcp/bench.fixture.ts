/** A DHCP server without network or real time: tests hand it packets, turn its clock and read what it sends. */
import {
  addressOption,
  decodeDhcp,
  type DhcpPacket,
  encodeDhcp,
  ipv4Bytes,
  macBytes,
  messageType,
  messageTypeName,
  messageTypeOf,
  option,
} from '../../protocols/dhcp/index.ts';
import type { BootClock } from '../boot-ports.ts';
import { createDhcpServer, type DhcpServer } from './server.ts';
import type { BootOptions, DhcpTiming, Lease, ServedNetwork, TransportHandlers } from './ports.ts';
import {
  type RecordingBackend,
  type RecordingLogger,
  type RecordingStore,
  recordingBackend,
  recordingLogger,
  recordingStore,
  servedNetwork,
} from './recording.fixture.ts';

export interface ManualClock extends BootClock {
  /** Let time pass, timers run in their order and promises settle. */
  advance(milliseconds: number): Promise<void>;
}

/** Let all promises settle that wait for nothing outside. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function manualClock(start = 1_800_000_000_000): ManualClock {
  let now = start;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after: (milliseconds, callback) => {
      const timer = { at: now + milliseconds, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: async (milliseconds) => {
      const end = now + milliseconds;
      for (;;) {
        await settle();
        const next = timers.toSorted((one, other) => one.at - other.at)[0];
        if (next === undefined || next.at > end) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
  };
}

export interface Sent {
  type: string;
  to: string;
  packet: DhcpPacket;
}

export interface Bench {
  server: DhcpServer;
  clock: ManualClock;
  backend: RecordingBackend;
  store: RecordingStore;
  logger: RecordingLogger;
  /** What the server sent to clients since this was last asked. */
  sent(): Sent[];
  /** The probes for rivals that it sent. */
  probes: DhcpPacket[];
  /** Moments of Router Advertisements. */
  advertisements: number[];
  /** Who answers for which address on the link. */
  link: Map<string, string>;
  /** Hand it a message of a client, let promises settle, and return what it sent. */
  receive(packet: DhcpPacket | Uint8Array): Promise<Sent[]>;
  /** Let it hear a packet on port 68. */
  overhear(packet: DhcpPacket, from: string): void;
}

export async function startBench(
  changes: Partial<ServedNetwork> = {},
  more: { boot?: BootOptions; stored?: Lease[]; timing?: Partial<DhcpTiming>; probing?: boolean } = {},
): Promise<Bench> {
  const clock = manualClock();
  const backend = recordingBackend(more.boot);
  const store = recordingStore(more.stored);
  const logger = recordingLogger();
  const link = new Map<string, string>();
  const probes: DhcpPacket[] = [];
  const advertisements: number[] = [];
  let unread: Sent[] = [];
  let handlers: TransportHandlers | undefined;
  const server = createDhcpServer({
    network: servedNetwork(changes),
    leases: store,
    backend,
    clock,
    random: (length) => new Uint8Array(length).fill(0xab),
    logger,
    ...(more.timing === undefined ? {} : { timing: more.timing }),
    transport: (_network, given) => {
      handlers = given;
      return Promise.resolve({
        reply: (bytes, address, port) => {
          const packet = decodeDhcp(bytes);
          unread.push({ type: messageTypeName(messageTypeOf(packet)), to: `${address}:${port}`, packet });
        },
        probe: (bytes) => void probes.push(decodeDhcp(bytes)),
        whoHas: (address) => Promise.resolve(link.get(address)),
        advertise: () => void advertisements.push(clock.now()),
        close: () => Promise.resolve(),
      });
    },
  });
  const sent = (): Sent[] => {
    const now = unread;
    unread = [];
    return now;
  };
  await server.start();
  if (more.probing !== true) await clock.advance(1_000);
  return {
    server,
    clock,
    backend,
    store,
    logger,
    sent,
    probes,
    advertisements,
    link,
    receive: async (packet) => {
      handlers?.toServer(packet instanceof Uint8Array ? packet : encodeDhcp(packet));
      await settle();
      return sent();
    },
    overhear: (packet, from) => handlers?.toClient(encodeDhcp(packet), from),
  };
}

export const clientMac = '52:54:00:00:00:01';
export const serverAddress = '10.77.0.1';

/** A client's message. `server`, `asks` and `options` are options 54, 50 and any more. */
export function message(
  type: keyof typeof messageType,
  more: {
    mac?: string;
    server?: string;
    asks?: string;
    options?: [number, Uint8Array][];
    fields?: Partial<DhcpPacket>;
  } = {},
): DhcpPacket {
  return {
    op: 1,
    hardwareType: 1,
    hops: 0,
    transactionId: 0x1234,
    seconds: 0,
    broadcast: false,
    ciaddr: '0.0.0.0',
    yiaddr: '0.0.0.0',
    siaddr: '0.0.0.0',
    giaddr: '0.0.0.0',
    hardwareAddress: macBytes(more.mac ?? clientMac),
    serverName: '',
    bootFile: '',
    options: new Map([
      [option.messageType, Uint8Array.of(messageType[type])],
      ...(more.server === undefined ? [] : [[option.serverIdentifier, ipv4Bytes(more.server)] as const]),
      ...(more.asks === undefined ? [] : [[option.requestedAddress, ipv4Bytes(more.asks)] as const]),
      ...(more.options ?? []),
    ]),
    ...more.fields,
  };
}

/** DISCOVER and REQUEST: the address that the client ends with. */
export async function lease(bench: Bench, mac = clientMac): Promise<string> {
  const [offer] = await bench.receive(message('discover', { mac }));
  if (offer === undefined) throw new Error('no OFFER');
  const server = addressOption(offer.packet, option.serverIdentifier);
  const asks = offer.packet.yiaddr;
  const [ack] = await bench.receive(message('request', { mac, asks, ...(server === undefined ? {} : { server }) }));
  if (ack?.type !== 'ACK') throw new Error(`no ACK but ${ack?.type}`);
  return ack.packet.yiaddr;
}
