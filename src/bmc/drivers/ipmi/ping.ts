/** Whether a BMC is there: the ASF presence ping (IPMI v2.0 §13.2.3), which needs no credential and changes nothing. */
import type { PresencePong } from '../../../protocols/ipmi/index.ts';
import { decodePresencePong, encodePresencePing, rmcpPort } from '../../../protocols/ipmi/session/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, RandomBytes, UdpTransport } from '../../ports.ts';
import { jittered } from '../../ports.ts';
import type { Link, Silence } from './link.ts';
import { openLink } from './link.ts';
import { timing } from './timing.ts';

export interface PingParts {
  udp: UdpTransport;
  clock: Clock;
  randomBytes: RandomBytes;
}

export interface PingOptions {
  /** How often it is sent; 3 when left out. */
  tries?: number;
  signal?: AbortSignal;
}

export type PingAnswer = { pong: PresencePong; roundTripMs: number } | { silence: Silence };

const defaultTries = 3;

/** Whether anything at this address answers the presence ping. Rejects only when aborted. */
export async function pingBmc(
  endpoint: { address: string; port?: number },
  parts: PingParts,
  options: PingOptions = {},
): Promise<PingAnswer> {
  const nobody: Pick<Lane, 'beforeSending' | 'heard'> = {
    beforeSending: () => Promise.resolve(),
    heard: () => undefined,
  };
  const { udp, clock } = parts;
  let link: Link;
  try {
    link = await openLink({ address: endpoint.address, port: endpoint.port ?? rmcpPort }, udp, nobody, clock);
  } catch (error) {
    const socketError = error instanceof Error ? error : new Error(String(error));
    return { silence: { malformed: undefined, socketError } };
  }
  try {
    return await pingOver(link, parts, options);
  } finally {
    link.close();
  }
}

export async function pingOver(link: Link, parts: PingParts, options: PingOptions): Promise<PingAnswer> {
  const { clock, randomBytes } = parts;
  const { tries = defaultTries, signal } = options;
  let silence: Silence = { malformed: undefined, socketError: undefined };
  let timeoutMs: number = timing.firstTimeoutMs;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const tag = attempt + 1;
    const sentAt = clock.monotonic();
    const accept = (packet: Uint8Array): PresencePong | undefined => {
      const pong = decodePresencePong(packet);
      // Some answer with a tag of 0.
      return pong.tag === tag || pong.tag === 0 ? pong : undefined;
    };
    const wait = jittered(timeoutMs, timing.jitter, randomBytes);
    const reply = await link.ask(encodePresencePing({ tag }), accept, wait, signal, { endOnSocketError: true });
    if ('answer' in reply) return { pong: reply.answer, roundTripMs: clock.monotonic() - sentAt };
    silence = reply.silence;
    timeoutMs *= timing.backOffFactor;
  }
  return { silence };
}
