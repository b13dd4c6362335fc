/** A UDP path in front of a BMC that loses, doubles and reorders packets both ways, the same ones for the same seed. */
import type { Socket } from 'node:dgram';
import { createSocket } from 'node:dgram';

export interface LossyPathShares {
  loss: number;
  /** Toward the BMC and back. */
  duplicate: { toBmc: number; fromBmc: number };
  /** Held back until the next packet has passed, or for `heldMs`. */
  reorder: number;
  heldMs: number;
}

export interface LossyPath {
  port: number;
  /** What has passed so far, both ways. */
  readonly counts: { seen: number; lost: number; doubledToBmc: number; doubledFromBmc: number; reordered: number };
  close(): void;
}

export async function startLossyPath(bmcPort: number, shares: LossyPathShares, seed: number): Promise<LossyPath> {
  const front = createSocket('udp4');
  const backs = new Map<number, Socket>();
  const counts = { seen: 0, lost: 0, doubledToBmc: 0, doubledFromBmc: 0, reordered: 0 };
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;
  let state = seed >>> 0 || 1;
  const chance = (share: number): boolean => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32 < share;
  };
  await new Promise<void>((bound) => front.bind(0, '127.0.0.1', bound));

  function direction(way: 'ToBmc' | 'FromBmc') {
    const double = way === 'ToBmc' ? shares.duplicate.toBmc : shares.duplicate.fromBmc;
    let held: (() => void)[] = [];
    const release = (): void => {
      const late = held;
      held = [];
      for (const send of late) send();
    };
    return (send: () => void): void => {
      counts.seen += 1;
      if (chance(shares.loss)) {
        counts.lost += 1;
        return;
      }
      const deliver = (): void => {
        if (closed) return;
        send();
        if (!chance(double)) return;
        counts[`doubled${way}`] += 1;
        send();
      };
      if (chance(shares.reorder)) {
        counts.reordered += 1;
        held.push(deliver);
        const timer = setTimeout(() => {
          timers.delete(timer);
          release();
        }, shares.heldMs);
        timers.add(timer);
        return;
      }
      deliver();
      release();
    };
  }

  const toBmc = direction('ToBmc');
  const fromBmc = direction('FromBmc');

  function backFor(consolePort: number): Socket {
    const known = backs.get(consolePort);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    back.on('message', (packet) => fromBmc(() => front.send(packet, consolePort, '127.0.0.1')));
    backs.set(consolePort, back);
    return back;
  }

  front.on('message', (packet, { port }) => toBmc(() => backFor(port).send(packet, bmcPort, '127.0.0.1')));
  return {
    port: front.address().port,
    counts,
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      front.close();
      for (const back of backs.values()) back.close();
    },
  };
}
