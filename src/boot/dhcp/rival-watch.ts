/**
 * Watches for other DHCP servers on the network, and decides whether this one may answer. Two servers that do not know
 * of each other hand one address to two machines, or give a machine the wrong boot file.
 *
 * Evidence of a rival is an OFFER, ACK or NAK from another server: to our own probes or, where broadcast, to anybody.
 * A probe is a DISCOVER and an INFORM, since some servers check an address for seconds before they offer it, or know
 * certain machines only, but answer an INFORM at once.
 *
 * | state    | leaves it                                                                        |
 * |----------|----------------------------------------------------------------------------------|
 * | stopped  | start → probing                                                                  |
 * | probing  | evidence → blocked; `probeWait` without any → serving                            |
 * | serving  | evidence → blocked                                                               |
 * | blocked  | `rivalSilence` without evidence, with probes meanwhile → serving                 |
 */
import {
  addressOption,
  type DhcpPacket,
  encodeDhcp,
  formatMac,
  messageType,
  messageTypeOf,
  option,
} from '../../protocols/dhcp/index.ts';
import type { BootClock, BootLogger } from '../boot-ports.ts';
import { packetIn } from './client.ts';
import type { DhcpStatus, DhcpTiming, ServedNetwork } from './ports.ts';

export interface RivalWatch {
  status(): DhcpStatus;
  /** The MAC that probes come from: its packets are no client's. */
  readonly probeMac: string;
  start(): void;
  stop(): void;
  /** A packet to port 68. */
  heard(bytes: Uint8Array, from: string): void;
  /** A client chose another server: look for it soon. */
  suspect(): void;
  reconfigure(network: ServedNetwork): void;
}

export interface RivalWatchOptions {
  network: ServedNetwork;
  clock: BootClock;
  random: (length: number) => Uint8Array;
  logger: BootLogger;
  timing: DhcpTiming;
  /** Broadcast a probe from port 68. */
  send(bytes: Uint8Array): void;
  changed(status: DhcpStatus): void;
}

/** A watch that is stopped until started. */
export function createRivalWatch(options: RivalWatchOptions): RivalWatch {
  const { clock, random, logger, timing } = options;
  let network = options.network;
  let status: DhcpStatus = { state: 'stopped', since: clock.now() };
  let cancel: (() => void) | undefined;
  let lastEvidence = Number.NEGATIVE_INFINITY;
  let lastInformed = Number.NEGATIVE_INFINITY;
  let lastProbe = Number.NEGATIVE_INFINITY;
  const hardwareAddress = Uint8Array.from(random(6));
  // Locally administered, one machine: nobody's address (IEEE 802).
  hardwareAddress[0] = ((hardwareAddress[0] ?? 0) & 0xfc) | 0x02;

  const enter = (state: DhcpStatus['state'], rival?: string): void => {
    if (status.state === state && status.rival === rival) return;
    status = { state, since: clock.now(), ...(rival === undefined ? {} : { rival }) };
    options.changed(status);
  };

  const probe = (): void => {
    lastProbe = clock.now();
    const transactionId = new DataView(Uint8Array.from(random(4)).buffer).getUint32(0);
    const [inform, discover] = probePackets(hardwareAddress, transactionId, network.address);
    options.send(encodeDhcp(inform));
    // A rival that answers INFORM is spared the DISCOVER, for which dnsmasq stops three seconds to ping the address.
    const gentle = status.state === 'blocked' && clock.now() - lastInformed < timing.rivalSilence / 2;
    if (!gentle) options.send(encodeDhcp(discover));
  };

  /** Some jitter, so that two servers that block each other do not look at the same moments for ever. */
  const jittered = (milliseconds: number): number => milliseconds * (0.75 + (random(1)[0] ?? 0) / 512);

  const after = (milliseconds: number, next: () => void): void => {
    cancel?.();
    cancel = clock.after(milliseconds, next);
  };

  const watch = (): void => {
    const blocked = status.state === 'blocked';
    after(jittered(blocked ? timing.probeWhileBlocked : timing.probeWhileServing), () => {
      if (status.rival !== undefined && clock.now() - lastEvidence >= timing.rivalSilence) {
        logger.info({ network: network.name, rival: status.rival }, 'the other DHCP server has gone');
        enter('serving');
      }
      probe();
      watch();
    });
  };

  const evidence = ({ rival, informs }: Evidence): void => {
    if (status.state === 'stopped') return;
    lastEvidence = clock.now();
    if (informs) lastInformed = lastEvidence;
    const state = network.allowRival ? 'serving' : 'blocked';
    if (status.state === state && status.rival !== undefined) return;
    const consequence = network.allowRival
      ? 'answering beside it, as allowed'
      : 'no client is answered until it is gone';
    logger.warn({ network: network.name, rival }, `another DHCP server answers on this network: ${consequence}`);
    enter(state, rival);
    watch();
  };

  return {
    probeMac: formatMac(hardwareAddress),
    status: () => status,
    start: () => {
      enter('probing');
      probe();
      // Again halfway, as a broadcast may be lost.
      after(timing.probeWait / 2, () => {
        probe();
        after(timing.probeWait / 2, () => {
          enter('serving');
          watch();
        });
      });
    },
    stop: () => {
      cancel?.();
      cancel = undefined;
      enter('stopped');
    },
    heard: (bytes, from) => {
      const found = evidenceIn(bytes, from, network.address);
      if (found !== undefined) evidence(found);
    },
    suspect: () => {
      if (status.state === 'serving' && clock.now() - lastProbe >= timing.probeWhileBlocked) probe();
    },
    reconfigure: (changed) => {
      network = changed;
      if (status.rival === undefined || status.state === 'stopped') return;
      enter(network.allowRival ? 'serving' : 'blocked', status.rival);
      watch();
    },
  };
}

interface Evidence {
  /** The address of another server, whose answer this is. */
  rival: string;
  /** It is the answer to an INFORM. */
  informs: boolean;
}

function evidenceIn(bytes: Uint8Array, from: string, ownAddress: string): Evidence | undefined {
  const packet = packetIn(bytes);
  if (packet?.op !== 2) return undefined;
  const type = messageTypeOf(packet);
  if (type !== messageType.offer && type !== messageType.ack && type !== messageType.nak) return undefined;
  // A ProxyDHCP server offers no address (PXE 2.1, section 2.2.2): it stands beside a DHCP server by design.
  if (type === messageType.offer && packet.yiaddr === '0.0.0.0') return undefined;
  // Linux hands our own broadcasts to our own sockets as well.
  const rival = addressOption(packet, option.serverIdentifier) ?? from;
  if (rival === ownAddress || from === ownAddress) return undefined;
  return { rival, informs: type === messageType.ack && packet.yiaddr === '0.0.0.0' };
}

/** An INFORM and a DISCOVER, to be sent in this order: dnsmasq reads nothing while it pings what it will offer. */
function probePackets(
  hardwareAddress: Uint8Array,
  transactionId: number,
  address: string,
): [inform: DhcpPacket, discover: DhcpPacket] {
  const packet = (type: number, ciaddr: string, id: number): DhcpPacket => ({
    op: 1,
    hardwareType: 1,
    hops: 0,
    transactionId: id,
    seconds: 0,
    broadcast: true,
    ciaddr,
    yiaddr: '0.0.0.0',
    siaddr: '0.0.0.0',
    giaddr: '0.0.0.0',
    hardwareAddress,
    serverName: '',
    bootFile: '',
    options: new Map([
      [option.messageType, Uint8Array.of(type)],
      [option.parameterRequestList, Uint8Array.of(option.subnetMask, option.router)],
    ]),
  });
  return [
    packet(messageType.inform, address, (transactionId ^ 0x80000000) >>> 0),
    packet(messageType.discover, '0.0.0.0', transactionId),
  ];
}
