/** Commands outside any session: those few that a BMC answers to anybody (IPMI v2.0 §13.4, §22.13, §22.15). */
import type { IpmiCommand, LanResponse } from '../../../protocols/ipmi/index.ts';
import {
  bmcAddress,
  decodeLanResponse,
  decodeSessionPacket,
  encodeLanRequest,
  encodeSessionless,
  encodeSessionlessPlus,
  payloadType,
  remoteConsoleAddress,
} from '../../../protocols/ipmi/session/index.ts';
import type { RandomBytes } from '../../ports.ts';
import { jittered } from '../../ports.ts';
import type { Link, LinkAnswer, Silence } from './link.ts';
import { timing } from './timing.ts';

export interface SessionlessParts {
  link: Link;
  randomBytes: RandomBytes;
  signal?: AbortSignal | undefined;
}

/**
 * Asks up to `tries` times. What is asked here changes nothing.
 * @param wrapper the packet's format: that of IPMI 1.5, which is the one for this, or RMCP+, which some BMCs want instead
 */
export async function askSessionless<Request, Response>(
  parts: SessionlessParts,
  command: IpmiCommand<Request, Response>,
  request: Request,
  tries: number,
  wrapper: 'ipmi-1.5' | 'rmcp+' = 'ipmi-1.5',
): Promise<LinkAnswer<LanResponse>> {
  let silence: Silence = { malformed: undefined, socketError: undefined };
  let timeoutMs: number = timing.firstTimeoutMs;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const sequence = attempt + 1;
    const message = encodeLanRequest({
      responderAddress: bmcAddress,
      responderLun: 0,
      requesterAddress: remoteConsoleAddress,
      requesterLun: 0,
      networkFunction: command.networkFunction,
      command: command.command,
      sequence,
      data: command.encodeRequest(request),
    });
    const accept = (packet: Uint8Array): LanResponse | undefined => {
      const received = decodeSessionPacket(packet);
      if (received.format === 'rmcp+') {
        if (received.payloadType !== payloadType.ipmiMessage || received.sessionId !== 0) return undefined;
      }
      const response = decodeLanResponse(received.payload);
      // Every try asks the same, so an answer to an earlier one is as good.
      return response.command === command.command && response.sequence <= sequence ? response : undefined;
    };
    const packet = wrapper === 'ipmi-1.5' ? encodeSessionless(message) : encodeSessionlessPlus(message);
    const wait = jittered(timeoutMs, timing.jitter, parts.randomBytes);
    const reply = await parts.link.ask(packet, accept, wait, parts.signal, { endOnSocketError: true });
    if ('answer' in reply) return reply;
    silence = reply.silence;
    timeoutMs *= timing.backOffFactor;
  }
  return { silence };
}
