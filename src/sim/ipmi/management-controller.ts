/** What a simulated BMC does with a packet: pings, session set-up, and commands inside and outside sessions. */
import type { LanRequest } from '../../protocols/ipmi/index.ts';
import {
  bmcAddress,
  completionCode,
  decodeLanRequest,
  decodePresencePing,
  decodeRmcp,
  decodeSessionPacket,
  encodeLanResponse,
  encodePresencePong,
  encodeSessionless,
  encodeSessionSetup,
  networkFunction,
  openPacket,
  payloadType,
  sealPacket,
} from '../../protocols/ipmi/index.ts';
import type { Asker, PayloadSession, SimulatedServer, SimulatedUser, SimulatorClock } from './area.ts';
import type { Areas } from './area-set.ts';
import { createAreaSet } from './area-set.ts';
import { createCommandSet } from './command-set.ts';
import type { Faults } from './faults.ts';
import { answerWithLies } from './lies.ts';
import type { Satellite } from './satellites.ts';
import { createBridge, sendMessageCommand } from './satellites.ts';
import type { SeededRandom } from './seeded-random.ts';
import { sessionCommands } from './session-commands.ts';
import { createSessionSetup } from './session-setup.ts';
import type { ActiveSession, Endpoint } from './session-table.ts';
import { createSessionTable } from './session-table.ts';
import { lanChannel } from './users.ts';

export interface ReceivedRequest {
  networkFunction: number;
  command: number;
  data: Uint8Array;
  /** 0 outside sessions. */
  sessionId: number;
}

export interface ManagementControllerSettings {
  clock: SimulatorClock;
  random(length: number): Uint8Array;
  chances: SeededRandom;
  faults: Faults;
  server: SimulatedServer;
  users: SimulatedUser[];
  guid: Uint8Array;
  suites: readonly number[];
  kg: Uint8Array | undefined;
  maximumSessions: number;
  satellites: readonly Satellite[];
  send(packet: Uint8Array, to: Endpoint): void;
  onRequest?: (request: ReceivedRequest) => void;
  onError: (error: unknown) => void;
}

export interface ManagementController {
  readonly areas: Areas;
  /** @throws IpmiDecodeError for a packet that is not IPMI, or not genuine */
  receive(packet: Uint8Array, from: Endpoint): void;
  sessions(): number;
  reset(silentMs: number): void;
  stop(): void;
}

/** Responder addresses other than the BMC's own are reached through Send Message only. */
const destinationUnavailable = 0xd3;
const asfEnterprise = 4542;
const garbageLength = 48;

export function createManagementController(settings: ManagementControllerSettings): ManagementController {
  const { clock, random, chances, faults, users, guid } = settings;
  const sessions = createSessionTable(clock, settings.maximumSessions);
  let silentUntil = 0;
  let endAfterAnswer: number | undefined;

  const areas = createAreaSet({ clock, random, server: settings.server, users, guid, faults, reset });
  const commands = createCommandSet(
    sessionCommands({
      sessions,
      users,
      suites: settings.suites,
      kgSet: settings.kg !== undefined,
      endAfterAnswer: (id) => {
        endAfterAnswer = id;
      },
    }),
    areas.command,
    settings.onError,
  );
  const bridge = createBridge(settings.satellites);
  const setup = createSessionSetup({ ...settings, sessions, payloadSession: createPayloadSession });

  function reset(silentMs: number): void {
    silentUntil = clock.now() + silentMs;
    sessions.clear();
  }

  function send(packet: Uint8Array, to: Endpoint): void {
    settings.send(chances.chance(faults.garbage) ? random(garbageLength) : packet, to);
  }

  function createPayloadSession(id: number): PayloadSession {
    return {
      id,
      onClose: new Set(),
      send(type, payload) {
        const session = sessions.active.get(id);
        if (session !== undefined) sendInside(session, type, payload);
      },
    };
  }

  function sendInside(session: ActiveSession, type: number, payload: Uint8Array): void {
    const { suite, keys, consoleSessionId } = session;
    session.sequence = session.sequence === 0xffff_ffff ? 1 : session.sequence + 1;
    const sequence = chances.chance(faults.wrongSessionSequence) ? wrongSequence(session) : session.sequence;
    const content = { payloadType: type, sessionId: consoleSessionId, sequence, payload };
    send(sealPacket(suite, keys, content, random(suite.confidentiality.vectorLength)), session.peer);
  }

  /** The messages that answer a request, or undefined where the BMC died over it. */
  function answer(request: LanRequest, asker: Asker): readonly Uint8Array[] | undefined {
    const { networkFunction: network, command, data } = request;
    settings.onRequest?.({ networkFunction: network, command, data, sessionId: asker.sessionId });
    const refuse = (code: number) => [lanResponse(request, { completionCode: code, data: Buffer.alloc(0) })];
    if (asker.sessionId !== 0 && isBusy()) return refuse(completionCode.nodeBusy);
    if (request.responderAddress !== bmcAddress) return refuse(destinationUnavailable);
    const messages =
      asker.sessionId !== 0 && network === networkFunction.application && command === sendMessageCommand
        ? bridge.pass(request, asker)
        : [
            lanResponse(
              request,
              answerWithLies(faults, network, command, data, () => commands.run(network, command, data, asker)),
            ),
          ];
    return asker.sessionId !== 0 && diesNow() ? undefined : messages;
  }

  function isBusy(): boolean {
    if (faults.busyRequests > 0) {
      faults.busyRequests -= 1;
      return true;
    }
    return chances.chance(faults.busy);
  }

  function diesNow(): boolean {
    if (faults.resetAfterRequests === 0) return false;
    faults.resetAfterRequests -= 1;
    if (faults.resetAfterRequests > 0) return false;
    reset(faults.resetSilentMs);
    return true;
  }

  function lanResponse(request: LanRequest, given: { completionCode: number; data: Uint8Array }): Uint8Array {
    const shift = chances.chance(faults.wrongRequestSequence) ? 31 : 0;
    return encodeLanResponse({ ...request, sequence: (request.sequence + shift) % 64, ...given });
  }

  function insideSession(session: ActiveSession, type: number, payload: Uint8Array): void {
    if (type !== payloadType.ipmiMessage) {
      areas.payload(type)?.onPacket(session.payloadSession, payload);
      return;
    }
    const request = decodeLanRequest(payload);
    const asker = {
      sessionId: session.id,
      userId: session.user.id,
      privilege: session.privilege,
      channel: lanChannel,
      lun: request.responderLun,
      session: session.payloadSession,
    };
    for (const message of answer(request, asker) ?? []) sendInside(session, payloadType.ipmiMessage, message);
    if (endAfterAnswer === undefined) return;
    sessions.end(endAfterAnswer);
    endAfterAnswer = undefined;
  }

  function outsideSessions(payload: Uint8Array): readonly Uint8Array[] {
    const request = decodeLanRequest(payload);
    const asker = { sessionId: 0, userId: 0, privilege: 0, channel: lanChannel, lun: request.responderLun };
    return answer(request, asker) ?? [];
  }

  function receive(packet: Uint8Array, from: Endpoint): void {
    if (faults.deaf || clock.now() < silentUntil) return;
    if (decodeRmcp(packet).messageClass === 'asf') {
      const { tag } = decodePresencePing(packet);
      const pong = { tag, enterprise: asfEnterprise, oem: 0, ipmiSupported: true };
      send(encodePresencePong({ ...pong, rmcpSecurityExtensions: false, dash: false }), from);
      return;
    }
    const received = decodeSessionPacket(packet);
    if (received.format === 'ipmi-1.5') {
      for (const message of outsideSessions(received.payload)) send(encodeSessionless(message), from);
      return;
    }
    if (received.sessionId === 0) {
      const { payloadType: type, payload } = received;
      if (received.encrypted || received.authenticated) return;
      if (type === payloadType.ipmiMessage) {
        for (const message of outsideSessions(payload)) send(encodeSessionSetup(type, message), from);
      } else {
        const answered = setup.answer(type, payload, from);
        if (answered !== undefined) send(encodeSessionSetup(answered.payloadType, answered.payload), from);
      }
      return;
    }
    const session = sessions.active.get(received.sessionId);
    if (session === undefined) return;
    const opened = openPacket(session.suite, session.keys, received);
    if (!session.window.accept(opened.sequence)) return;
    session.lastHeard = clock.now();
    session.peer = from;
    insideSession(session, opened.payloadType, opened.payload);
  }

  return {
    areas: areas.areas,
    receive,
    sessions: () => sessions.active.size,
    reset,
    stop: () => sessions.clear(),
  };
}

/** One that every window has long left behind. */
function wrongSequence(session: ActiveSession): number {
  return (session.sequence + 0x8000_0000) % 2 ** 32 || 1;
}
