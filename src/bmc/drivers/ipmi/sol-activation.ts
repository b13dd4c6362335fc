/** Switching serial over LAN on, as its own session needs it: who holds it, who may have it, how large its packets are. */
import { AthanorError } from '../../../errors/index.ts';
import type { ActivatedPayload } from '../../../protocols/ipmi/index.ts';
import {
  activatePayload,
  activationRefusal,
  completionCode,
  deactivatePayload,
  getPayloadActivationStatus,
  getPayloadInstanceInfo,
  maximumSolCharacters,
  payloadType,
  rmcpPort,
  solHeaderLength,
} from '../../../protocols/ipmi/index.ts';
import type { Clock } from '../../ports.ts';
import { sleep } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { Note } from '../../settle.ts';
import type { Refusal } from './client.ts';
import { refusedError } from './client.ts';
import type { Peer } from './session-errors.ts';
import type { SolSession } from './sol-session.ts';
import { silent } from './sol-session.ts';

export interface SolActivation {
  session: SolSession;
  takeOver: boolean;
  quirks: Pick<Quirks, 'has'>;
  clock: Clock;
  note: Note;
  signal?: AbortSignal | undefined;
}

/** Serial over LAN is asked for as its first instance: hardly any BMC has two. */
export const solInstance = { payloadType: payloadType.serialOverLan, instance: 1 } as const;

const activationTries = 5;
const pauseAfterDeactivationMs = 300;
/** What FreeIPMI takes where the advertised size is nonsense. */
const cautiousCharacters = 32;

/**
 * Get Channel Payload Support is never asked (so the quirk `solchannelsupport` changes nothing): Activate Payload tells as
 * much, and the question brings some BMCs down. Serial alerts are always deferred, as `serialalertsdeferred` has it.
 */
export async function activateSol(activation: SolActivation): Promise<ActivatedPayload> {
  const { session, takeOver, quirks, clock, note, signal } = activation;
  if (!quirks.has('solstatus')) await demandFree(activation);
  for (let attempt = 1; ; attempt += 1) {
    const request = {
      ...solInstance,
      encrypted: true,
      authenticated: true,
      testMode: false,
      serialAlerts: 'deferred',
      holdHandshake: false,
    } as const;
    const answer = await session.ask(activatePayload, request, { tries: 1, signal });
    if ('value' in answer) {
      const { inboundPayloadSize, outboundPayloadSize, udpPort } = answer.value;
      note(
        activatePayload.name,
        `active: payloads of ${inboundPayloadSize} and ${outboundPayloadSize}, port ${udpPort}`,
      );
      return answer.value;
    }
    const last = attempt >= activationTries;
    if ('silence' in answer) {
      note(activatePayload.name, 'no answer');
      if (last) throw silent(session.peer, activatePayload.name);
      // It was free before, so it is ours if it is active now: once more from the start.
      if (!(await isOursOrFree(session, signal))) throw heldError(session.peer);
      await deactivateSol(activation);
    } else {
      note(activatePayload.name, answer.refused.text);
      const held = answer.refused.completionCode === activationRefusal.alreadyActive;
      if (!held || !takeOver || last) throw activationError(session.peer, answer.refused);
      await deactivateSol(activation);
    }
    await sleep(clock, pauseAfterDeactivationMs * attempt, signal);
  }
}

/** Ends whatever serial session there is. True when there was one. */
export async function deactivateSol({
  session,
  note,
  signal,
  tries,
}: Pick<SolActivation, 'session' | 'note' | 'signal'> & { tries?: number }): Promise<boolean> {
  const answer = await session.ask(deactivatePayload, solInstance, { signal, ...(tries !== undefined && { tries }) });
  if ('silence' in answer) throw silent(session.peer, deactivatePayload.name);
  if ('value' in answer) {
    note(deactivatePayload.name, 'the serial session was ended');
    return true;
  }
  note(deactivatePayload.name, answer.refused.text);
  if (answer.refused.completionCode === 0x80) return false;
  throw refusedError(session.peer, deactivatePayload.name, answer.refused);
}

/** How many characters fit into a packet to the BMC, from the size that it advertised. */
export function charactersPerPacket(advertised: number, ignoreAdvertised: boolean): number {
  const swapped = ((advertised & 0xff) << 8) | (advertised >> 8);
  const fits = (size: number): boolean => size > solHeaderLength && size <= solHeaderLength + maximumSolCharacters;
  const size = ignoreAdvertised ? undefined : [advertised, swapped].find(fits);
  return size === undefined ? cautiousCharacters : size - solHeaderLength;
}

/** The port at which the BMC wants the payload, where that is another than the one spoken to and can be meant so. */
export function otherPort(advertised: number, port: number): number | undefined {
  const swapped = ((advertised & 0xff) << 8) | (advertised >> 8);
  // 623 as seen from the BMC may well be another port as seen from here, behind a relay.
  const same = [port, rmcpPort, 0, 0xffff];
  return same.includes(advertised) || same.includes(swapped) ? undefined : advertised;
}

async function demandFree(activation: SolActivation): Promise<void> {
  const { session, takeOver, note, signal } = activation;
  const request = { payloadType: payloadType.serialOverLan };
  const answer = await session.ask(getPayloadActivationStatus, request, { signal });
  if ('silence' in answer) throw silent(session.peer, getPayloadActivationStatus.name);
  if ('refused' in answer) {
    note(getPayloadActivationStatus.name, answer.refused.text);
    return;
  }
  const held = answer.value.active.includes(solInstance.instance);
  note(getPayloadActivationStatus.name, held ? 'active on another session' : 'not active');
  if (!held) return;
  if (!takeOver) throw heldError(session.peer);
  await deactivateSol(activation);
}

async function isOursOrFree(session: SolSession, signal?: AbortSignal): Promise<boolean> {
  const answer = await session.ask(getPayloadInstanceInfo, solInstance, { signal });
  if (!('value' in answer)) return true;
  return answer.value.sessionId === 0 || answer.value.sessionId === session.managedSystemSessionId;
}

export function heldError(peer: Peer): AthanorError {
  return new AthanorError('conflict', `The serial console of BMC ${peer.name} is in use by another session`, {
    remedy: 'Wait until it is free, or take it over: that ends the other session.',
  });
}

function activationError(peer: Peer, refusal: Refusal): AthanorError {
  const message = `BMC ${peer.name} refused serial over LAN: ${refusal.text}`;
  switch (refusal.completionCode) {
    case activationRefusal.alreadyActive:
      return heldError(peer);
    case activationRefusal.disabled:
      return new AthanorError('bmc-refused', message, {
        remedy: `Enable serial over LAN on the BMC, and payload access for the user of credential ${peer.credentialName}.`,
      });
    case activationRefusal.limitReached:
      return new AthanorError('conflict', message, { remedy: 'Close another serial session of this BMC first.' });
    case activationRefusal.cannotEncrypt:
      return new AthanorError('bmc-insecure', message, {
        remedy: 'Athanor opens no console in clear text. Let the BMC encrypt serial over LAN, or update its firmware.',
      });
    case completionCode.invalidCommand:
      return new AthanorError('unsupported', message);
    default:
      return refusedError(peer, activatePayload.name, refusal);
  }
}
