import { AthanorError } from '../errors/index.ts';

/** What the room needs from outside, as ports: tests give deterministic ones, `serve` and `cli` the real ones. */

export interface Clock {
  /** Milliseconds since the epoch, for evidence. */
  now(): number;
  /** Milliseconds of a clock that never jumps, for waits and deadlines. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function takes that back. */
  after(ms: number, callback: () => void): () => void;
}

export interface UdpEndpoint {
  address: string;
  port: number;
  /** Permits sending to a broadcast address. */
  broadcast?: boolean;
}

/** One socket that talks to one endpoint; packets from anywhere else never reach `onMessage`. */
export interface UdpChannel {
  send(packet: Uint8Array): Promise<void>;
  close(): void;
}

export interface UdpHandlers {
  onMessage(packet: Uint8Array): void;
  /** E.g. the ICMP answer that the port is closed. The channel stays usable. */
  onError(error: Error): void;
}

export interface UdpTransport {
  open(endpoint: UdpEndpoint, handlers: UdpHandlers): Promise<UdpChannel>;
}

/** `length` unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Remembers which credential a BMC has refused, so that no account is locked by trying again. `credentialFingerprint`
 * changes whenever user name or password does.
 */
export interface RefusedCredentials {
  isRefused(bmcName: string, credentialFingerprint: string): boolean | Promise<boolean>;
  remember(bmcName: string, credentialFingerprint: string): void | Promise<void>;
}

/** Remembers as long as the process lives. */
export function rememberRefusedInMemory(): RefusedCredentials {
  const refused = new Map<string, Set<string>>();
  return {
    isRefused: (bmcName, fingerprint) => refused.get(bmcName)?.has(fingerprint) ?? false,
    remember(bmcName, fingerprint) {
      const known = refused.get(bmcName) ?? new Set();
      refused.set(bmcName, known.add(fingerprint));
    },
  };
}

/** Waits `ms`, or rejects with `aborted`. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortedError(signal));
      return;
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      cancel();
      reject(abortedError(signal));
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export function abortedError(signal?: AbortSignal): AthanorError {
  return new AthanorError('aborted', 'The call to the BMC was aborted', { cause: signal?.reason });
}

/** An even spread over `ms` ± `fraction` of it, so that many BMCs are not asked in step. */
export function jittered(ms: number, fraction: number, randomBytes: RandomBytes): number {
  const [high = 0, low = 0] = randomBytes(2);
  const position = (high * 256 + low) / 0xffff;
  return ms * (1 - fraction + 2 * fraction * position);
}
