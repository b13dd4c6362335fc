/**
 * What a simulated BMC is put together from: areas, each with its own state and the commands that read and change it.
 * Requests are decoded and answers encoded by the same codecs that the client uses, the other way round.
 */
import type { IpmiCommand } from '../../protocols/ipmi/index.ts';
import type { Faults } from './faults.ts';

/** Milliseconds since 1970, and timers that a test can drive. */
export interface SimulatorClock {
  now(): number;
  /** Calls back once; the returned function takes that back. */
  after(ms: number, callback: () => void): () => void;
}

/** The server that the BMC manages: what several areas need to know of it. */
export interface SimulatedServer {
  powerOn: boolean;
  /** Called after every change of the power, by whatever cause. */
  onPower: Set<(on: boolean) => void>;
  /** How fast the fans of a zone turn, as a share of what they do automatically; 1 where nobody says otherwise. */
  fanSpeed?: (zone: number) => number;
}

/** Tells everybody who asked to know. */
export function setPower(server: SimulatedServer, on: boolean): void {
  if (server.powerOn === on) return;
  server.powerOn = on;
  for (const callback of server.onPower) callback(on);
}

export interface SimulatedUser {
  id: number;
  /** Empty: free, or the anonymous user 1. */
  name: string;
  /** At most 20 bytes. */
  password: Uint8Array;
  enabled: boolean;
  /** 1 callback … 4 administrator, 15 no access; per channel. */
  privileges: Map<number, number>;
  payloadAccess: boolean;
}

export interface AreaContext {
  clock: SimulatorClock;
  /** So many random bytes. */
  random(length: number): Uint8Array;
  server: SimulatedServer;
  /** Every slot, 1 upward, free ones with an empty name; sessions are checked against these. */
  users: SimulatedUser[];
  /** Sixteen bytes as they go over the wire. */
  guid: Uint8Array;
  /** What is wrong with this BMC now. Lies about power and boot are told for the areas, after they have answered. */
  faults: Faults;
  /** Restarts the BMC: every session is forgotten without a word, and nothing is answered for so long. */
  reset(silentMs: number): void;
}

/** A session, for payloads that come and go without a command: serial over LAN. */
export interface PayloadSession {
  readonly id: number;
  /** Sealed as the session asks for it. Does nothing once the session has ended. */
  send(payloadType: number, payload: Uint8Array): void;
  /** Called once when the session ends, by whatever cause. */
  onClose: Set<() => void>;
}

/** A payload type other than IPMI messages (IPMI v2.0 §13.27.3): 1 is serial over LAN. */
export interface PayloadHandler {
  /** Every genuine packet of the type, from every session: whether the payload is active there is for this to know. */
  onPacket(session: PayloadSession, payload: Uint8Array): void;
}

/** Who asks. */
export interface Asker {
  sessionId: number;
  userId: number;
  /** The session's privilege level now. */
  privilege: number;
  channel: number;
  lun: number;
  /** Where it asks from; none outside sessions and through a bridge. */
  session?: PayloadSession;
}

export interface Refused {
  completionCode: number;
  /** Beside the code, where the command has such an answer. */
  data?: Uint8Array;
}

export interface CommandHandler {
  networkFunction: number;
  command: number;
  /** The least privilege level: 2 user, 3 operator, 4 administrator (IPMI v2.0 appendix G); 0: also outside sessions. */
  privilege: number;
  /** @throws IpmiDecodeError for a request that cannot be read: answered with 0xC7 */
  handle(request: Uint8Array, asker: Asker): { completionCode: number; data: Uint8Array };
}

/** A part of a BMC with its own state: what `create…Area` gives, beside controls for tests. */
export interface Area {
  handlers: readonly CommandHandler[];
  /** By payload type. */
  payloads?: ReadonlyMap<number, PayloadHandler>;
}

/** `answer` returns the response, or the completion code to refuse with. */
export function handler<Request, Response extends object>(
  command: IpmiCommand<Request, Response>,
  privilege: number,
  answer: NoInfer<(request: Request, asker: Asker) => Response | Refused>,
): CommandHandler {
  return {
    networkFunction: command.networkFunction,
    command: command.command,
    privilege,
    handle(request, asker) {
      const answered = answer(command.decodeRequest(request), asker);
      if ('completionCode' in answered) {
        return { completionCode: answered.completionCode, data: answered.data ?? Buffer.alloc(0) };
      }
      return { completionCode: 0, data: command.encodeResponse(answered) };
    },
  };
}
