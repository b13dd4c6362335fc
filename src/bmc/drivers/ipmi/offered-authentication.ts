/** What ways in a BMC offers to anybody who asks, without a session: capabilities, cipher suites, and what is wrong with them. */
import type {
  ChannelAuthenticationCapabilities,
  CipherSuiteRecord,
  OpenSessionResponse,
} from '../../../protocols/ipmi/index.ts';
import {
  cipherSuitePieceLength,
  completionCode,
  decodeCipherSuiteRecords,
  decodeOpenSessionResponse,
  decodeSessionPacket,
  encodeOpenSessionRequest,
  encodeSessionSetup,
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  IpmiDecodeError,
  payloadType,
  privilegeLevel,
  thisChannel,
} from '../../../protocols/ipmi/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type { AuthenticationReading, CipherSuiteOffer, SecurityFinding } from '../../capabilities/connection.ts';
import type { IpmiClient } from './client.ts';
import type { Silence } from './link.ts';
import type { Peer } from './session-errors.ts';
import type { SessionlessParts } from './sessionless.ts';
import { askSessionless } from './sessionless.ts';
import { timing } from './timing.ts';

const tries = 3;
/** 63 records of five bytes at most. */
const maximumPieces = 64;

const authenticationNames = ['none', 'RAKP-HMAC-SHA1', 'RAKP-HMAC-MD5', 'RAKP-HMAC-SHA256'];
const integrityNames = ['none', 'HMAC-SHA1-96', 'HMAC-MD5-128', 'MD5-128', 'HMAC-SHA256-128'];
const confidentialityNames = ['none', 'AES-CBC-128', 'xRC4-128', 'xRC4-40'];
/** The bits of IPMI 1.5's authentication types (Table 22-16). */
const authenticationTypes = ['none', 'MD2', 'MD5', undefined, 'password', 'OEM'];

type AskPiece = (index: number) => Promise<Uint8Array | undefined>;

export async function readCapabilities(
  parts: SessionlessParts,
  peer: Peer,
): Promise<{ capabilities: ChannelAuthenticationCapabilities } | { silence: Silence }> {
  const command = getChannelAuthenticationCapabilities;
  for (const askForIpmi20 of [true, false]) {
    const request = { channel: thisChannel, privilege: privilegeLevel.administrator, askForIpmi20 };
    const reply = await askSessionless(parts, command, request, tries);
    if ('silence' in reply) return reply;
    // IPMI 1.5 BMCs answer the bit that asks for 2.0 with 0xCC.
    if (reply.answer.completionCode === 0xcc && askForIpmi20) continue;
    if (reply.answer.completionCode !== completionCode.ok) {
      throw new AthanorError('bmc-refused', `BMC ${peer.name} refused ${command.name}`);
    }
    return { capabilities: readable(peer, () => command.decodeResponse(reply.answer.data)) };
  }
  throw new AthanorError('bmc-refused', `BMC ${peer.name} refused ${command.name}`);
}

/** The suites that the BMC lists; asked without a session, or in that of a client. Undefined where it lists none. */
export async function readCipherSuites(
  asker: SessionlessParts | Pick<IpmiClient, 'ask'>,
  signal?: AbortSignal,
): Promise<CipherSuiteRecord[] | undefined> {
  const ways =
    'ask' in asker ? [inSession(asker, signal)] : [sessionless(asker, 'ipmi-1.5'), sessionless(asker, 'rmcp+')];
  for (const way of ways) {
    const records = await collect(way).catch((error: unknown) => {
      if (error instanceof IpmiDecodeError || error instanceof AthanorError) return undefined;
      throw error;
    });
    if (records !== undefined) return records;
  }
  return undefined;
}

function sessionless(parts: SessionlessParts, wrapper: 'ipmi-1.5' | 'rmcp+'): AskPiece {
  return async (index) => {
    const reply = await askSessionless(parts, getChannelCipherSuites, pieceRequest(index), 1, wrapper);
    if ('silence' in reply || reply.answer.completionCode !== completionCode.ok) return undefined;
    return getChannelCipherSuites.decodeResponse(reply.answer.data).records;
  };
}

function inSession(client: Pick<IpmiClient, 'ask'>, signal: AbortSignal | undefined): AskPiece {
  return async (index) => {
    const answer = await client.ask(getChannelCipherSuites, pieceRequest(index), signal);
    return 'value' in answer ? answer.value.records : undefined;
  };
}

async function collect(ask: AskPiece): Promise<CipherSuiteRecord[] | undefined> {
  const pieces: Uint8Array[] = [];
  for (let index = 0; index < maximumPieces; index += 1) {
    const piece = await ask(index);
    if (piece === undefined) return undefined;
    pieces.push(piece);
    if (piece.length < cipherSuitePieceLength) break;
  }
  const records = decodeCipherSuiteRecords(Buffer.concat(pieces));
  return records.length === 0 ? undefined : records;
}

function pieceRequest(index: number) {
  return { channel: thisChannel, payloadType: payloadType.ipmiMessage, index };
}

/**
 * Whether the BMC would open a session with cipher suite 0, which checks no password: asked by Open Session alone, for some
 * accept what they do not list. The half-open session is forgotten by the BMC soon.
 */
export async function acceptsSuiteZero(parts: SessionlessParts): Promise<boolean | undefined> {
  const consoleSessionId = Buffer.from(parts.randomBytes(4)).readUInt32LE() || 1;
  const algorithms = { authentication: 0, integrity: 0, confidentiality: 0 };
  const tag = 0x5a;
  const payload = encodeOpenSessionRequest({ tag, maximumPrivilege: 0, consoleSessionId, algorithms });
  const accept = (packet: Uint8Array): OpenSessionResponse | undefined => {
    const received = decodeSessionPacket(packet);
    if (received.format !== 'rmcp+' || received.payloadType !== payloadType.openSessionResponse) return undefined;
    const response = decodeOpenSessionResponse(received.payload);
    return response.tag === tag ? response : undefined;
  };
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const packet = encodeSessionSetup(payloadType.openSessionRequest, payload);
    const reply = await parts.link.ask(packet, accept, timing.firstTimeoutMs, parts.signal, { endOnSocketError: true });
    if (!('answer' in reply)) continue;
    return 'algorithms' in reply.answer && reply.answer.algorithms.authentication === 0;
  }
  return undefined;
}

export function authenticationReading(
  capabilities: ChannelAuthenticationCapabilities,
  records: CipherSuiteRecord[] | undefined,
  suiteZeroAccepted: boolean | undefined,
): AuthenticationReading {
  const types = authenticationTypes.filter(
    (name, bit) => name !== undefined && (capabilities.authenticationTypes & (1 << bit)) !== 0,
  );
  const reading: Omit<AuthenticationReading, 'findings'> = {
    channel: capabilities.channel & 0x0f,
    ipmi15: capabilities.supportsIpmi15,
    ipmi20: capabilities.supportsIpmi20,
    systemKeySet: capabilities.systemKeySet,
    namedUsers: capabilities.nonNullUsernames,
    nullUsers: capabilities.nullUsernames,
    anonymousLogin: capabilities.anonymousLogin,
    perMessageAuthentication: !capabilities.perMessageAuthenticationDisabled,
    userLevelAuthentication: !capabilities.userLevelAuthenticationDisabled,
    authenticationTypes: types.filter((name) => name !== undefined),
    cipherSuites: records?.map(offer),
    suiteZeroAccepted,
  };
  return { ...reading, findings: findings(reading) };
}

function offer({ id, oem, authentication, integrity, confidentiality }: CipherSuiteRecord): CipherSuiteOffer {
  const name = (names: readonly string[]) => (code: number) => names[code] ?? `algorithm ${code}`;
  return {
    id,
    oem,
    authentication: name(authenticationNames)(authentication),
    integrity: integrity.map(name(integrityNames)),
    confidentiality: confidentiality.map(name(confidentialityNames)),
  };
}

function findings(reading: Omit<AuthenticationReading, 'findings'>): SecurityFinding[] {
  const found: SecurityFinding[] = [];
  const add = (severity: SecurityFinding['severity'], text: string): void => void found.push({ severity, text });
  const standard = (reading.cipherSuites ?? []).filter(({ oem }) => oem === undefined);
  const ids = standard.map(({ id }) => id);
  if (reading.suiteZeroAccepted === true)
    add('danger', 'cipher suite 0 is accepted: whoever knows a user name needs no password; disable it');
  else if (ids.includes(0)) add('warning', 'cipher suite 0 is listed, and refused when it is asked for');
  if (reading.anonymousLogin) add('danger', 'anonymous login is on: a user without name and password may log in');
  if (reading.ipmi15 && reading.authenticationTypes.includes('none'))
    add('danger', 'IPMI 1.5 sessions without any authentication are offered');
  if (!reading.ipmi20) add('danger', 'only IPMI 1.5 is spoken, which Athanor refuses');
  else if (reading.ipmi15) add('warning', 'IPMI 1.5 sessions are offered beside IPMI 2.0: they encrypt nothing');
  if (reading.nullUsers) add('warning', 'a user without a name may log in');
  const clear = standard.filter(({ confidentiality }) => confidentiality.every((name) => name === 'none'));
  if (clear.length > 0) {
    const list = clear.map(({ id }) => id).join(', ');
    add('warning', `cipher suites without encryption are listed: ${list}`);
  }
  if (reading.cipherSuites !== undefined && !ids.includes(17))
    add(
      ids.includes(3) ? 'note' : 'warning',
      `cipher suite 17 (SHA-256) is not listed${ids.includes(3) ? '' : ', nor is 3'}`,
    );
  if (!reading.perMessageAuthentication) add('warning', 'per-message authentication is off for IPMI 1.5');
  if (!reading.userLevelAuthentication) add('warning', 'user level authentication is off for IPMI 1.5');
  add('note', reading.systemKeySet ? 'a K_g key is set: sessions need it' : 'no K_g key is set');
  add('note', 'every BMC of IPMI 2.0 gives whoever asks a hash of the password to guess at: use long random ones');
  return found;
}

function readable<Value>(peer: Peer, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${peer.name}: ${error.message}`, { cause: error });
  }
}
