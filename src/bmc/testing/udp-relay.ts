/** A UDP relay in front of a BMC: counts what passes, and loses packets when told to, both ways. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import { decodeSessionPacket } from '../../protocols/ipmi/index.ts';

export interface UdpRelay {
  port: number;
  /** Packets from the console that arrived at the relay, lost or not. */
  received(): number;
  /** Those of them that are RMCP+ session set-up payloads of this type. */
  receivedOfType(payloadType: number): number;
  /** Decides for each packet whether it is lost. */
  lose: (direction: Direction, packet: Uint8Array) => boolean;
  close(): void;
}

export type Direction = 'to the BMC' | 'from the BMC';

export async function startUdpRelay(bmcPort: number): Promise<UdpRelay> {
  const front = createSocket('udp4');
  const backs = new Map<number, Socket>();
  const packets: Uint8Array[] = [];
  await new Promise<void>((bound) => front.bind(0, '127.0.0.1', bound));

  function backFor(consolePort: number): Socket {
    const known = backs.get(consolePort);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    back.on('message', (packet) => {
      if (!relay.lose('from the BMC', packet)) front.send(packet, consolePort, '127.0.0.1');
    });
    backs.set(consolePort, back);
    return back;
  }

  const relay: UdpRelay = {
    port: front.address().port,
    received: () => packets.length,
    receivedOfType: (type) => packets.filter((packet) => typeOf(packet) === type).length,
    lose: () => false,
    close() {
      front.close();
      for (const back of backs.values()) back.close();
    },
  };
  front.on('message', (packet, { port }) => {
    packets.push(packet);
    if (!relay.lose('to the BMC', packet)) backFor(port).send(packet, bmcPort, '127.0.0.1');
  });
  return relay;
}

/** Loses this share of the packets, the same ones for the same seed. */
export function lossy(share: number, seed: number): UdpRelay['lose'] {
  let state = seed >>> 0;
  return () => {
    // xorshift32
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32 < share;
  };
}

function typeOf(packet: Uint8Array): number | undefined {
  const decoded = decodeSessionPacket(packet);
  return decoded.format === 'rmcp+' ? decoded.payloadType : undefined;
}
