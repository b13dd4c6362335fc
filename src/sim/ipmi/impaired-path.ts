/** One direction of the network before a BMC: loses, doubles, delays and reorders packets as the faults say. */
import type { SimulatorClock } from './area.ts';
import type { Faults } from './faults.ts';
import type { SeededRandom } from './seeded-random.ts';

/** More packets than this under way at once are lost, as in a full queue. */
const queueLength = 256;
/** A packet held back goes on by itself when no other comes. */
const longestHoldMs = 50;

export interface ImpairedPath<Packet> {
  pass(packet: Packet): void;
  /** Forgets what is under way. */
  close(): void;
}

export function createImpairedPath<Packet>(
  faults: Faults,
  random: SeededRandom,
  clock: SimulatorClock,
  deliver: (packet: Packet) => void,
): ImpairedPath<Packet> {
  const underWay = new Set<() => void>();
  let held: { packet: Packet; release: () => void } | undefined;

  function later(ms: number, run: () => void): () => void {
    const cancel = clock.after(ms, () => {
      underWay.delete(cancel);
      run();
    });
    underWay.add(cancel);
    return () => {
      underWay.delete(cancel);
      cancel();
    };
  }

  function hold(packet: Packet): void {
    const cancel = later(longestHoldMs, () => {
      held = undefined;
      deliver(packet);
    });
    held = { packet, release: cancel };
  }

  function arrive(packet: Packet): void {
    if (held === undefined && random.chance(faults.reorder)) {
      hold(packet);
      return;
    }
    deliver(packet);
    if (held === undefined) return;
    const { packet: overtaken, release } = held;
    held = undefined;
    release();
    deliver(overtaken);
  }

  function travel(packet: Packet): void {
    if (faults.delayMs > 0) later(random.next() * faults.delayMs, () => arrive(packet));
    else arrive(packet);
  }

  return {
    pass(packet) {
      if (random.chance(faults.loss) || underWay.size >= queueLength) return;
      travel(packet);
      if (random.chance(faults.duplicate)) travel(packet);
    },
    close() {
      held = undefined;
      for (const cancel of underWay) cancel();
      underWay.clear();
    },
  };
}
