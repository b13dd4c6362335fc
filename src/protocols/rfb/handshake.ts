/**
 * The opening of a session (RFC 6143 §7.1–§7.3), from the server's version up to ServerInit.
 *
 * | step             | 3.3                       | 3.7                        | 3.8                             |
 * | ---------------- | ------------------------- | -------------------------- | ------------------------------- |
 * | security type    | 4 bytes, the server's say | count (1), types (1 each); client answers one                |
 * | none of them fit | type 0, reason            | count 0, reason            | count 0, reason                 |
 * | SecurityResult   | after VNC authentication  | after VNC authentication   | always, with a reason if failed |
 *
 * A reason or a name is its length (4 bytes) and so many bytes.
 */
import { RfbDecodeError, RfbRefusedError } from './decode-error.ts';
import { type Exchange, readBytes, send } from './exchange.ts';
import { checkSize } from './framebuffer.ts';
import { limits } from './limits.ts';
import { decodePixelFormat, type PixelFormat, pixelFormatLength } from './pixel-format.ts';
import { answerVncChallenge } from './vnc-authentication.ts';

export const securityType = { invalid: 0, none: 1, vncAuthentication: 2 } as const;

export type ProtocolVersion = '3.3' | '3.7' | '3.8';

export interface HandshakeOptions {
  /** For VNC authentication. */
  password?: string;
  /** The newest version to agree on; 3.8 when left out. */
  newest?: ProtocolVersion;
}

/** What ServerInit says (§7.3.2). */
export interface ServerInit {
  version: ProtocolVersion;
  width: number;
  height: number;
  pixelFormat: PixelFormat;
  name: string;
}

/** Goes through the whole handshake. Throws RfbRefusedError when the server does not want this client. */
export function* clientHandshake(options: HandshakeOptions = {}): Exchange<ServerInit> {
  const version = yield* agreeOnVersion(options.newest ?? '3.8');
  yield* authenticate(version, options.password);
  // ClientInit: a shared session, so that nobody who looks at the console is thrown out.
  yield* send(Uint8Array.of(1));
  return yield* readServerInit(version);
}

/** The version to speak with a server that announces `major.minor`; undefined for one older than any standard (§7.1.1). */
export function versionFor(major: number, minor: number): ProtocolVersion | undefined {
  if (major < 3 || (major === 3 && minor < 3)) return undefined;
  if (major > 3 || minor >= 8) return '3.8';
  return minor === 7 ? '3.7' : '3.3';
}

function* agreeOnVersion(newest: ProtocolVersion): Exchange<ProtocolVersion> {
  const greeting = (yield* readBytes(12)).toString('latin1');
  const [, major, minor] = /^RFB (\d{3})\.(\d{3})\n$/.exec(greeting) ?? [];
  const offered = major === undefined ? undefined : versionFor(Number(major), Number(minor));
  if (offered === undefined)
    throw new RfbDecodeError('ProtocolVersion', 'this is not an RFB server of version 3.3 or newer');
  const version = offered < newest ? offered : newest;
  yield* send(Buffer.from(`RFB 003.00${version.slice(2)}\n`, 'latin1'));
  return version;
}

function* authenticate(version: ProtocolVersion, password: string | undefined): Exchange<void> {
  const chosen = version === '3.3' ? yield* readDictatedType() : yield* chooseType(password);
  if (chosen === securityType.vncAuthentication) {
    if (password === undefined) throw new RfbRefusedError('a password is needed and none is set');
    const challenge = yield* readBytes(16);
    yield* send(answerVncChallenge(password, challenge));
  }
  if (chosen === securityType.none && version !== '3.8') return;
  const result = (yield* readBytes(4)).readUInt32BE();
  if (result === 0) return;
  const reason = version === '3.8' ? yield* readReason() : '';
  const credential = chosen === securityType.vncAuthentication ? 'the password was refused' : 'the client was refused';
  throw new RfbRefusedError(reason === '' ? credential : `${credential}: ${reason}`);
}

function* readDictatedType(): Exchange<number> {
  const type = (yield* readBytes(4)).readUInt32BE();
  if (type === securityType.invalid) throw new RfbRefusedError((yield* readReason()) || 'no reason given');
  if (type !== securityType.none && type !== securityType.vncAuthentication) throw unknownTypes([type]);
  return type;
}

function* chooseType(password: string | undefined): Exchange<number> {
  const count = (yield* readBytes(1)).readUInt8();
  if (count === 0) throw new RfbRefusedError((yield* readReason()) || 'no reason given');
  const types = [...(yield* readBytes(count))];
  const { none, vncAuthentication } = securityType;
  const wanted = password === undefined ? [none, vncAuthentication] : [vncAuthentication, none];
  const chosen = wanted.find((type) => types.includes(type));
  if (chosen === undefined) throw unknownTypes(types);
  if (chosen === vncAuthentication && password === undefined) {
    throw new RfbRefusedError('a password is needed and none is set');
  }
  yield* send(Uint8Array.of(chosen));
  return chosen;
}

function unknownTypes(types: number[]): RfbRefusedError {
  return new RfbRefusedError(
    `only security types ${types.slice(0, 16).join(', ')} are offered; 1 and 2 are spoken here`,
  );
}

function* readReason(): Exchange<string> {
  const length = (yield* readBytes(4)).readUInt32BE();
  return length > limits.reason ? '' : printable(yield* readBytes(length));
}

function* readServerInit(version: ProtocolVersion): Exchange<ServerInit> {
  const bytes = yield* readBytes(4 + pixelFormatLength + 4);
  const width = bytes.readUInt16BE(0);
  const height = bytes.readUInt16BE(2);
  checkSize(width, height, 'ServerInit');
  const nameLength = bytes.readUInt32BE(4 + pixelFormatLength);
  if (nameLength > limits.name) throw new RfbDecodeError('ServerInit', `a name of ${nameLength} bytes`);
  const name = printable(yield* readBytes(nameLength));
  return { version, width, height, pixelFormat: decodePixelFormat(bytes.subarray(4)), name };
}

/** Words of a stranger as one line that is safe to print. */
function printable(bytes: Buffer): string {
  const words = bytes.toString('utf8').replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ');
  return words.trim().slice(0, 200);
}
