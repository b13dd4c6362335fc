/**
 * Decides when Router Advertisements go out. iPXE configures IPv4 and IPv6 side by side and is ready only when both are;
 * it hears an advertisement only while it waits for one, which begins at about its first DISCOVER. So a few follow each
 * packet of a netboot client, at most one in `spacing` whatever the number of clients.
 */
import type { BootClock } from '../boot-ports.ts';

/** Milliseconds after a netboot client was heard. */
const moments = [0, 500, 1_000, 2_000, 4_000];
/** RFC 4861 (section 10) asks routers for 3 s between two; clients cannot wait that long here. */
const spacing = 250;

export interface RouterAdvertiser {
  /** A netboot client was heard. */
  heard(): void;
  stop(): void;
}

/** `send` sends one advertisement to all nodes of the link. */
export function createRouterAdvertiser(clock: BootClock, send: () => void): RouterAdvertiser {
  let due: number[] = [];
  let cancel: (() => void) | undefined;
  let last = Number.NEGATIVE_INFINITY;

  const arm = (): void => {
    cancel?.();
    cancel = undefined;
    const next = due[0];
    if (next === undefined) return;
    cancel = clock.after(Math.max(0, Math.max(next, last + spacing) - clock.now()), fire);
  };
  const fire = (): void => {
    const now = clock.now();
    last = now;
    due = due.filter((moment) => moment > now);
    send();
    arm();
  };
  return {
    heard: () => {
      const now = clock.now();
      // The newest client's moments are the latest; earlier ones that remain are few and soon past.
      const earlier = due.filter((moment) => moment < now + spacing).slice(0, 1);
      due = [...earlier, ...moments.map((offset) => now + offset)];
      arm();
    },
    stop: () => {
      due = [];
      cancel?.();
      cancel = undefined;
    },
  };
}
