/** Commands about the session they come in, and those that tell how to open one (IPMI v2.0 §22.13–22.20). */
import { isIPv4 } from 'node:net';
import {
  closeSession,
  findCipherSuite,
  getChannelAuthenticationCapabilities,
  privilegeLevel,
  setSessionPrivilegeLevel,
  thisChannel,
} from '../../protocols/ipmi/index.ts';
import type { CommandHandler, SimulatedUser } from './area.ts';
import { handler } from './area.ts';
import type { ActiveSession, SessionTable } from './session-table.ts';
import { lanChannel } from './users.ts';

export interface SessionCommandSettings {
  sessions: SessionTable;
  users: readonly SimulatedUser[];
  suites: readonly number[];
  kgSet: boolean;
  /** Ends the session once its present request is answered. */
  endAfterAnswer(id: number): void;
}

const application = 0x06;
const invalidField = { completionCode: 0xcc, data: Buffer.alloc(0) };
const parameterOutOfRange = 0xcc;

export function sessionCommands(settings: SessionCommandSettings): CommandHandler[] {
  const { sessions, users, suites } = settings;
  return [
    handler(getChannelAuthenticationCapabilities, 0, ({ channel, privilege, askForIpmi20 }) => {
      if (!isLan(channel) || privilege === 0 || privilege > privilegeLevel.oem) {
        return { completionCode: parameterOutOfRange };
      }
      const named = users.some(({ name, enabled }) => name !== '' && enabled);
      const [anonymous] = users;
      const nameless = anonymous?.name === '' && anonymous.enabled;
      return {
        channel: lanChannel,
        authenticationTypes: 0,
        extended: askForIpmi20,
        systemKeySet: askForIpmi20 && settings.kgSet,
        perMessageAuthenticationDisabled: false,
        userLevelAuthenticationDisabled: false,
        nonNullUsernames: named,
        nullUsernames: nameless && anonymous.password.length > 0,
        anonymousLogin: nameless && anonymous.password.length === 0,
        supportsIpmi15: false,
        supportsIpmi20: askForIpmi20,
        oemId: 0,
        oemData: 0,
      };
    }),
    handler(setSessionPrivilegeLevel, 0, ({ privilege }, asker) => {
      const session = sessions.active.get(asker.sessionId);
      if (session === undefined) return { completionCode: 0xd4 };
      if (privilege === privilegeLevel.callback || privilege > privilegeLevel.oem) return { completionCode: 0xcc };
      if (privilege > session.role) return { completionCode: 0x81 };
      if (privilege !== 0) session.privilege = privilege;
      return { privilege: session.privilege };
    }),
    handler(closeSession, privilegeLevel.callback, ({ sessionId }, asker) => {
      // Only an administrator may close another's session (§22.19).
      if (!sessions.active.has(sessionId)) return { completionCode: 0x87 };
      if (sessionId !== asker.sessionId && asker.privilege < privilegeLevel.administrator) {
        return { completionCode: 0xd4 };
      }
      settings.endAfterAnswer(sessionId);
      return {};
    }),
    channelCipherSuites(suites),
    sessionInfo(sessions),
  ];
}

/** §22.15: records of the suites, sixteen bytes at a time. */
function channelCipherSuites(suites: readonly number[]): CommandHandler {
  const records = Buffer.concat(
    suites.flatMap((id) => {
      const suite = findCipherSuite(id);
      if (suite === undefined) return [];
      const { authentication, integrity, confidentiality } = suite;
      return [Buffer.of(0xc0, id, authentication.code, 0x40 | integrity.code, 0x80 | confidentiality.code)];
    }),
  );
  return {
    networkFunction: application,
    command: 0x54,
    privilege: 0,
    handle(request) {
      const [channel, , index] = request;
      if (channel === undefined || index === undefined) return { completionCode: 0xc7, data: Buffer.alloc(0) };
      if (!isLan(channel & 0x0f)) return invalidField;
      const start = (index & 0x3f) * 16;
      const data = Buffer.concat([Buffer.of(lanChannel), records.subarray(start, start + 16)]);
      return { completionCode: 0, data };
    },
  };
}

/** §22.20. */
function sessionInfo(sessions: SessionTable): CommandHandler {
  const find = (request: Uint8Array, own: number): ActiveSession | undefined => {
    const [index = 0, handle] = request;
    const all = [...sessions.active.values()];
    if (index === 0) return sessions.active.get(own);
    if (index === 0xfe) return all.find((session) => session.handle === handle);
    if (index === 0xff) {
      return request.length < 5 ? undefined : sessions.active.get(Buffer.from(request).readUInt32LE(1));
    }
    return all.toSorted((left, right) => left.handle - right.handle)[index - 1];
  };
  return {
    networkFunction: application,
    command: 0x3d,
    privilege: privilegeLevel.user,
    handle(request, asker) {
      if (request.length === 0) return { completionCode: 0xc7, data: Buffer.alloc(0) };
      const session = find(request, asker.sessionId);
      const table = [sessions.maximum & 0x3f, sessions.active.size & 0x3f];
      if (session === undefined) return { completionCode: 0, data: Buffer.of(0, ...table) };
      const { address, port } = session.peer;
      const ip = isIPv4(address) ? address.split('.').map(Number) : [0, 0, 0, 0];
      const user = [session.user.id, session.privilege, 0x10 | lanChannel];
      const mac = [0, 0, 0, 0, 0, 0];
      const data = Buffer.of(session.handle, ...table, ...user, ...ip, ...mac, port & 0xff, port >> 8);
      return { completionCode: 0, data };
    },
  };
}

function isLan(channel: number): boolean {
  return channel === thisChannel || channel === lanChannel;
}
