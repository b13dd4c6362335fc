/** The serial console over IPMI: serial over LAN on a session of its own (IPMI v2.0 §15, §24). */
import { AthanorError } from '../../../errors/index.ts';
import {
  deactivatePayload,
  getPayloadActivationStatus,
  getPayloadInstanceInfo,
  payloadType,
} from '../../../protocols/ipmi/index.ts';
import type { ConsoleCapability, SerialConsole, SerialSessionStatus } from '../../capabilities/console.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { activateSol, charactersPerPacket, otherPort, solInstance } from './sol-activation.ts';
import { createSolConsole } from './sol-console.ts';
import type { SolTiming } from './sol-machine.ts';
import { createSolMachine, solTiming } from './sol-machine.ts';
import type { SolSession, SolSessionParts } from './sol-session.ts';
import { openSolSession, silent } from './sol-session.ts';

export interface ConsoleParts extends Omit<SolSessionParts, 'peer' | 'lane' | 'clock'> {
  quirks: Pick<Quirks, 'has'>;
  solTiming?: SolTiming;
}

export interface IpmiConsole {
  capability: ConsoleCapability;
  /** Ends every console that is still open. */
  close(): Promise<void>;
}

export function ipmiConsole(context: IpmiContext, parts: ConsoleParts): IpmiConsole {
  const about = { driver: 'ipmi', capability: 'console', clock: context.clock } as const;
  const open = new Set<SerialConsole>();
  const capability: ConsoleCapability = {
    openSerial: (takeOver = false, options = {}) =>
      settle(about, async (note) => {
        const { peer, lane, clock } = context;
        const sessionParts = { ...parts, peer, lane, clock };
        const console = await openSerial(sessionParts, takeOver, note, options.signal);
        open.add(console);
        console.once('close', () => open.delete(console));
        return console;
      }),
    serialStatus: (options = {}) => settle(about, (note) => readStatus(context, note, options.signal)),
    closeSerial: (options = {}) =>
      settle(about, (note) => context.lane.change(() => closeSerial(context, note, options.signal), options.signal)),
    graphicalEndpoints: () =>
      settle(about, () =>
        Promise.reject(new AthanorError('unsupported', 'IPMI does not say where a graphical console is')),
      ),
  };
  return {
    capability,
    async close() {
      await Promise.all([...open].map(closed));
    },
  };
}

function closed(console: SerialConsole): Promise<void> {
  return new Promise((resolve) => {
    console.once('close', resolve);
    // Whoever holds it is told by the stream's end.
    console.destroy();
  });
}

async function openSerial(
  parts: SolSessionParts & ConsoleParts,
  takeOver: boolean,
  note: Note,
  signal?: AbortSignal,
): Promise<SerialConsole> {
  const { clock, quirks } = parts;
  let peer = parts.peer;
  for (let attempt = 1; ; attempt += 1) {
    const session = await openSolSession({ ...parts, peer }, signal);
    try {
      const activated = await activateSol({ session, takeOver, quirks, clock, note, signal });
      const port = otherPort(activated.udpPort, peer.port);
      if (port !== undefined && attempt === 1 && !quirks.has('solport')) {
        note('Activate Payload', `the BMC wants serial over LAN on port ${port}: opening a session there`);
        await session.ask(deactivatePayload, solInstance, { signal });
        await session.close();
        peer = { ...peer, port };
        continue;
      }
      const maximumCharacters = charactersPerPacket(activated.inboundPayloadSize, quirks.has('solpayloadsize'));
      note('Activate Payload', `${maximumCharacters} characters per packet`);
      const machine = createSolMachine({
        maximumCharacters,
        timing: parts.solTiming ?? solTiming,
        retryUnderNextSequence: quirks.has('solpacketseq'),
      });
      return createSolConsole({ session, machine, clock, ownerIsReported: await isOwnerReported(session, signal) });
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}

async function isOwnerReported(session: SolSession, signal?: AbortSignal): Promise<boolean> {
  const answer = await session.ask(getPayloadInstanceInfo, solInstance, { signal });
  if ('silence' in answer) throw silent(session.peer, getPayloadInstanceInfo.name);
  return 'value' in answer && answer.value.sessionId === session.managedSystemSessionId;
}

async function readStatus(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<SerialSessionStatus> {
  const request = { payloadType: payloadType.serialOverLan };
  const status = await context.client.run(getPayloadActivationStatus, request, signal);
  const active = status.active.includes(solInstance.instance);
  note(getPayloadActivationStatus.name, `${status.active.length} of ${status.capacity} active`);
  return { active, activeSessions: status.active.length, maximumSessions: status.capacity };
}

async function closeSerial(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<'closed'> {
  const answer = await context.client.ask(deactivatePayload, solInstance, signal);
  if ('refused' in answer) {
    note(deactivatePayload.name, answer.refused.text);
    if (answer.refused.completionCode !== 0x80) {
      throw refusedError(context.peer, deactivatePayload.name, answer.refused);
    }
  } else {
    note(deactivatePayload.name, 'confirmed by the BMC');
  }
  const status = await context.client.ask(
    getPayloadActivationStatus,
    { payloadType: payloadType.serialOverLan },
    signal,
  );
  if ('refused' in status) {
    note(getPayloadActivationStatus.name, `cannot be read back: ${status.refused.text}`);
    return 'closed';
  }
  const still = status.value.active.includes(solInstance.instance);
  note(getPayloadActivationStatus.name, still ? 'still active' : 'not active');
  if (!still) return 'closed';
  throw new AthanorError(
    'bmc-refused',
    `BMC ${context.peer.name} confirmed the end of the serial session, and still has one`,
    {
      remedy: 'Whoever had it may have opened it again at once; otherwise restart the BMC.',
    },
  );
}
