/** How the BMC is reached, over IPMI: presence ping, what authentication it offers, its sessions, its quirks. */
import {
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  getDeviceId,
  getSessionInfo,
  noData,
} from '../../../protocols/ipmi/index.ts';
import type {
  ActiveSessionReading,
  AuthenticationReading,
  ConnectionCapability,
  PingReading,
  QuirkReading,
  SessionReading,
} from '../../capabilities/connection.ts';
import { quirkNames, quirks as quirkTable } from '../../quirks/index.ts';
import type { RandomBytes, UdpTransport } from '../../ports.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import type { Link } from './link.ts';
import { openLink } from './link.ts';
import {
  acceptsSuiteZero,
  authenticationReading,
  readCapabilities,
  readCipherSuites,
} from './offered-authentication.ts';
import { pingOver } from './ping.ts';
import { silenceError } from './session-errors.ts';

export interface ConnectionParts {
  udp: UdpTransport;
  randomBytes: RandomBytes;
}

const privilegeNames = ['none', 'callback', 'user', 'operator', 'administrator', 'OEM'];

export function ipmiConnection(context: IpmiContext, parts: ConnectionParts): ConnectionCapability {
  const about = { driver: 'ipmi', capability: 'connection', clock: context.clock } as const;
  return {
    ping: (options = {}) => settle(about, (note) => ping(context, parts, note, options.signal)),
    authentication: (options = {}) => settle(about, (note) => authentication(context, parts, note, options.signal)),
    sessions: (all, options = {}) => settle(about, (note) => sessions(context, all, note, options.signal)),
    quirks: (all, options = {}) => settle(about, (note) => quirks(context, all, note, options.signal)),
  };
}

/** On a socket of its own, in its turn on the lane. */
function onOwnLink<Value>(
  context: IpmiContext,
  { udp }: ConnectionParts,
  signal: AbortSignal | undefined,
  task: (link: Link) => Promise<Value>,
): Promise<Value> {
  const { peer, lane, clock } = context;
  return lane.exchange(async () => {
    const link = await openLink({ address: peer.address, port: peer.port }, udp, lane, clock).catch(
      (thrown: unknown) => {
        const socketError = thrown instanceof Error ? thrown : new Error(String(thrown));
        throw silenceError(peer, 'at all', { malformed: undefined, socketError });
      },
    );
    return task(link).finally(() => link.close());
  }, signal);
}

function ping(
  context: IpmiContext,
  parts: ConnectionParts,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<PingReading> {
  const { peer, clock } = context;
  return onOwnLink(context, parts, signal, async (link) => {
    const { randomBytes, udp } = parts;
    if (!context.quirks.has('ipmiping')) {
      const answer = await pingOver(link, { udp, clock, randomBytes }, { tries: 2, ...(signal && { signal }) });
      if ('pong' in answer) {
        const { ipmiSupported, rmcpSecurityExtensions, dash } = answer.pong;
        note('ASF presence ping', 'answered');
        const by = 'presence ping';
        return { by, roundTripMs: answer.roundTripMs, ipmiSupported, rmcpSecurityExtensions, dash };
      }
      if (answer.silence.socketError !== undefined) throw silenceError(peer, 'the presence ping', answer.silence);
      note('ASF presence ping', 'not answered, as by some BMCs that are there');
    }
    const started = clock.monotonic();
    const reply = await readCapabilities({ link, randomBytes, signal }, peer);
    if ('silence' in reply) throw silenceError(peer, 'the presence ping', reply.silence);
    note(getChannelAuthenticationCapabilities.name, 'answered');
    return { by: 'authentication capabilities', roundTripMs: clock.monotonic() - started, ipmiSupported: true };
  });
}

async function authentication(
  context: IpmiContext,
  parts: ConnectionParts,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<AuthenticationReading> {
  const { peer } = context;
  const found = await onOwnLink(context, parts, signal, async (link) => {
    const sessionless = { link, randomBytes: parts.randomBytes, signal };
    const reply = await readCapabilities(sessionless, peer);
    if ('silence' in reply) throw silenceError(peer, getChannelAuthenticationCapabilities.name, reply.silence);
    const zero = reply.capabilities.supportsIpmi20 ? await acceptsSuiteZero(sessionless) : undefined;
    return { capabilities: reply.capabilities, zero, records: await readCipherSuites(sessionless) };
  });
  note(getChannelAuthenticationCapabilities.name, 'answered without a session');
  if (found.zero !== undefined) note('Open Session', `cipher suite 0 ${found.zero ? 'accepted' : 'refused'}`);
  const records = found.records ?? (await readCipherSuites(context.client, signal));
  note(getChannelCipherSuites.name, records === undefined ? 'not answered' : `${records.length} suites`);
  return authenticationReading(found.capabilities, records, found.zero);
}

async function sessions(
  context: IpmiContext,
  all: boolean,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<SessionReading> {
  const { client } = context;
  const own = await client.run(getSessionInfo, { which: 'this' }, signal);
  const listed = [own];
  if (all) {
    for (let nth = 1; nth <= own.activeSessions; nth += 1) {
      const answer = await client.ask(getSessionInfo, { nth }, signal);
      // A session may have ended meanwhile.
      if ('refused' in answer) note(getSessionInfo.name, `session ${nth}: ${answer.refused.text}`);
      else if (answer.value.handle !== own.handle) listed.push(answer.value);
    }
  }
  note(getSessionInfo.name, `${own.activeSessions} of ${own.possibleSessions} sessions are active`);
  return {
    cipherSuite: client.session?.suite.id ?? 0,
    privilege: privilegeName(own.session?.privilege ?? 0),
    possibleSessions: own.possibleSessions,
    activeSessions: own.activeSessions,
    sessions: listed.flatMap(({ handle, session }): ActiveSessionReading[] => {
      if (session === undefined) return [];
      const { userId, privilege, channel, protocol, lan } = session;
      return [
        {
          handle,
          own: handle === own.handle,
          userId,
          privilege: privilegeName(privilege),
          channel,
          protocol: protocol === 0 ? 'IPMI 1.5' : protocol === 1 ? 'IPMI 2.0' : `protocol ${protocol}`,
          address: lan?.address,
          mac: lan === undefined ? undefined : [...lan.mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
          port: lan?.port,
        },
      ];
    }),
  };
}

async function quirks(
  context: IpmiContext,
  all: boolean,
  note: Note,
  signal: AbortSignal | undefined,
): Promise<QuirkReading[]> {
  if (!context.quirks.learned) {
    const device = await context.client.run(getDeviceId, noData, signal);
    note(getDeviceId.name, `manufacturer ${device.manufacturerId}, product ${device.productId}`);
  }
  const applied = new Map(context.quirks.applied().map((quirk) => [quirk.name, quirk.because]));
  return quirkNames
    .filter((name) => all || applied.has(name))
    .map((name) => {
      const { summary, source } = quirkTable[name];
      return { name, summary, source, because: applied.get(name) };
    });
}

function privilegeName(level: number): string {
  return privilegeNames[level] ?? `level ${level}`;
}
