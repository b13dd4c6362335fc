/** Questions and their answers over one UDP socket: sends a packet, and waits for one that answers it. */
import { IpmiDecodeError } from '../../../protocols/ipmi/session/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, UdpChannel, UdpEndpoint, UdpTransport } from '../../ports.ts';
import { abortedError } from '../../ports.ts';

export type LinkAnswer<Answer> = { answer: Answer } | { silence: Silence };

/** Why there was no answer, as far as it is known. */
export interface Silence {
  /** A packet came that could not be read: the BMC (or somebody) talks, but not IPMI as specified. */
  malformed: IpmiDecodeError | undefined;
  /** What the operating system said, e.g. that the port is closed. */
  socketError: Error | undefined;
}

export interface Link {
  /**
   * Sends `packet` once and gives the first packet that `accept` takes (it returns undefined for packets that answer
   * something else), or silence after `timeoutMs`. Several may wait at a time; each packet is shown to all of them.
   */
  ask<Answer>(
    packet: Uint8Array,
    accept: (packet: Uint8Array) => Answer | undefined,
    timeoutMs: number,
    signal?: AbortSignal,
    options?: AskOptions,
  ): Promise<LinkAnswer<Answer>>;
  close(): void;
}

export interface AskOptions {
  /** Ends the wait when the operating system says that nothing listens or no route leads there. */
  endOnSocketError?: boolean;
}

interface Waiter {
  receive(packet: Uint8Array): void;
  fail(error: Error): void;
}

export async function openLink(
  endpoint: UdpEndpoint,
  udp: UdpTransport,
  lane: Pick<Lane, 'beforeSending' | 'heard'>,
  clock: Clock,
): Promise<Link> {
  const waiters = new Set<Waiter>();
  const channel: UdpChannel = await udp.open(endpoint, {
    onMessage(packet) {
      for (const waiter of waiters) waiter.receive(packet);
    },
    onError(error) {
      for (const waiter of waiters) waiter.fail(error);
    },
  });
  return {
    async ask(packet, accept, timeoutMs, signal, { endOnSocketError = false } = {}) {
      await lane.beforeSending(signal);
      return new Promise((resolve, reject) => {
        let malformed: IpmiDecodeError | undefined;
        let socketError: Error | undefined;
        const finish = (): void => {
          waiters.delete(waiter);
          cancelTimeout();
          signal?.removeEventListener('abort', onAbort);
        };
        const giveUp = (): void => {
          finish();
          resolve({ silence: { malformed, socketError } });
        };
        const onAbort = (): void => {
          finish();
          reject(abortedError(signal));
        };
        const cancelTimeout = clock.after(timeoutMs, giveUp);
        const waiter: Waiter = {
          receive(received) {
            try {
              const answer = accept(received);
              if (answer === undefined) return;
              lane.heard();
              finish();
              resolve({ answer });
            } catch (thrown) {
              // Garbage or a forgery: the true answer may still come.
              if (thrown instanceof IpmiDecodeError) malformed = thrown;
              else {
                finish();
                reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
              }
            }
          },
          fail(error) {
            socketError = error;
            if (endOnSocketError) giveUp();
          },
        };
        waiters.add(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted) {
          onAbort();
          return;
        }
        // No route and the like: as if it were lost, but the cause is kept.
        channel.send(packet).catch((error: unknown) => {
          if (waiters.has(waiter)) waiter.fail(error instanceof Error ? error : new Error(String(error)));
        });
      });
    },
    close: () => channel.close(),
  };
}
