/** One question and its answer over UDP: sends a packet, and waits for one that answers it. */
import { IpmiDecodeError } from '../../../protocols/ipmi/index.ts';
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
   * something else), or silence after `timeoutMs`.
   */
  ask<Answer>(
    packet: Uint8Array,
    accept: (packet: Uint8Array) => Answer | undefined,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<LinkAnswer<Answer>>;
  close(): void;
}

export async function openLink(endpoint: UdpEndpoint, udp: UdpTransport, lane: Lane, clock: Clock): Promise<Link> {
  let listener: ((packet: Uint8Array) => void) | undefined;
  let socketError: Error | undefined;
  const channel: UdpChannel = await udp.open(endpoint, {
    onMessage: (packet) => listener?.(packet),
    onError(error) {
      socketError = error;
    },
  });
  return {
    async ask(packet, accept, timeoutMs, signal) {
      await lane.beforeSending(signal);
      socketError = undefined;
      return new Promise((resolve, reject) => {
        let malformed: IpmiDecodeError | undefined;
        const finish = (): void => {
          listener = undefined;
          cancelTimeout();
          signal?.removeEventListener('abort', onAbort);
        };
        const onAbort = (): void => {
          finish();
          reject(abortedError(signal));
        };
        const cancelTimeout = clock.after(timeoutMs, () => {
          finish();
          resolve({ silence: { malformed, socketError } });
        });
        listener = (received) => {
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
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted) {
          onAbort();
          return;
        }
        channel.send(packet).catch((error: unknown) => {
          // No route and the like: as if it were lost, but the cause is kept.
          socketError = error instanceof Error ? error : new Error(String(error));
        });
      });
    },
    close: () => channel.close(),
  };
}
