/**
 * The six payloads that set up an RMCP+ session (IPMI v2.0 §13.17–13.24): Open Session Request and Response, and RAKP
 * messages 1 to 4. All begin with a message tag, which the answer repeats.
 *
 * | message               | bytes                                                                                     |
 * | --------------------- | ----------------------------------------------------------------------------------------- |
 * | Open Session Request  | tag, max privilege, 0 0, SIDm(4), authentication(8), integrity(8), confidentiality(8)     |
 * | Open Session Response | tag, status, max privilege, 0, SIDm(4) [, SIDc(4), authentication, integrity, confidentiality] |
 * | RAKP message 1        | tag, 0 0 0, SIDc(4), Rm(16), role, 0 0, name length, name                                 |
 * | RAKP message 2        | tag, status, 0 0, SIDm(4) [, Rc(16), GUIDc(16), key exchange code]                        |
 * | RAKP message 3        | tag, status, 0 0, SIDc(4) [, key exchange code]                                           |
 * | RAKP message 4        | tag, status, 0 0, SIDm(4) [, integrity check value]                                       |
 *
 * What is in brackets is there only when the status is 0. An algorithm payload is: kind, 0 0, length 8, code, 0 0 0.
 */
import { ByteReader } from './byte-reader.ts';
import { maximumUsernameLength } from './session-keys.ts';
import { sessionStatus } from './session-status.ts';

export interface Algorithms {
  authentication: number;
  integrity: number;
  confidentiality: number;
}

/** Some BMCs leave out the session id beside an error status; `consoleSessionId` is then undefined. */
export interface SetupFailure {
  tag: number;
  status: number;
  consoleSessionId: number | undefined;
}

export interface OpenSessionRequest {
  tag: number;
  /** 0 asks for the highest level that the algorithms allow. */
  maximumPrivilege: number;
  consoleSessionId: number;
  algorithms: Algorithms;
}

export function encodeOpenSessionRequest(request: OpenSessionRequest): Buffer {
  const head = Buffer.alloc(8);
  head[0] = request.tag;
  head[1] = request.maximumPrivilege & 0x0f;
  head.writeUInt32LE(request.consoleSessionId, 4);
  return Buffer.concat([head, encodeAlgorithms(request.algorithms)]);
}

export function decodeOpenSessionRequest(bytes: Uint8Array): OpenSessionRequest {
  const reader = new ByteReader(bytes, 'RMCP+ Open Session Request');
  const tag = reader.byte();
  const maximumPrivilege = reader.byte() & 0x0f;
  reader.skip(2);
  return { tag, maximumPrivilege, consoleSessionId: reader.uint32LittleEndian(), algorithms: readAlgorithms(reader) };
}

export interface OpenSessionAccepted {
  tag: number;
  status: typeof sessionStatus.noErrors;
  maximumPrivilege: number;
  consoleSessionId: number;
  managedSystemSessionId: number;
  algorithms: Algorithms;
}

export type OpenSessionResponse = OpenSessionAccepted | SetupFailure;

export function encodeOpenSessionResponse(response: OpenSessionResponse): Buffer {
  const head = Buffer.alloc(8);
  head[0] = response.tag;
  head[1] = response.status;
  head.writeUInt32LE(response.consoleSessionId ?? 0, 4);
  if (!('algorithms' in response)) return head;
  head[2] = response.maximumPrivilege & 0x0f;
  return Buffer.concat([head, uint32(response.managedSystemSessionId), encodeAlgorithms(response.algorithms)]);
}

export function decodeOpenSessionResponse(bytes: Uint8Array): OpenSessionResponse {
  const reader = new ByteReader(bytes, 'RMCP+ Open Session Response');
  const tag = reader.byte();
  const status = reader.byte();
  if (status !== sessionStatus.noErrors) return failure(reader, tag, status);
  const maximumPrivilege = reader.byte() & 0x0f;
  reader.skip(1);
  const consoleSessionId = reader.uint32LittleEndian();
  const managedSystemSessionId = reader.uint32LittleEndian();
  const algorithms = readAlgorithms(reader);
  return { tag, status, maximumPrivilege, consoleSessionId, managedSystemSessionId, algorithms };
}

export interface RakpMessage1 {
  tag: number;
  managedSystemSessionId: number;
  /** 16 bytes. */
  consoleRandom: Uint8Array;
  /** Bits 3:0 the privilege level asked for; bit 4 set looks the user up by name alone. */
  roleByte: number;
  username: Uint8Array;
}

export function encodeRakpMessage1(message: RakpMessage1): Buffer {
  const head = Buffer.alloc(8);
  head[0] = message.tag;
  head.writeUInt32LE(message.managedSystemSessionId, 4);
  const role = Buffer.of(message.roleByte, 0, 0, message.username.length);
  return Buffer.concat([head, message.consoleRandom, role, message.username]);
}

export function decodeRakpMessage1(bytes: Uint8Array): RakpMessage1 {
  const reader = new ByteReader(bytes, 'RAKP Message 1');
  const tag = reader.byte();
  reader.skip(3);
  const managedSystemSessionId = reader.uint32LittleEndian();
  const consoleRandom = reader.bytes(16);
  const roleByte = reader.byte();
  reader.skip(2);
  const length = reader.byte();
  if (length > maximumUsernameLength) reader.fail(`a user name of ${length} bytes`);
  return { tag, managedSystemSessionId, consoleRandom, roleByte, username: reader.bytes(length) };
}

export interface RakpMessage2Accepted {
  tag: number;
  status: typeof sessionStatus.noErrors;
  consoleSessionId: number;
  managedSystemRandom: Uint8Array;
  managedSystemGuid: Uint8Array;
  keyExchangeCode: Uint8Array;
}

export type RakpMessage2 = RakpMessage2Accepted | SetupFailure;

export function encodeRakpMessage2(message: RakpMessage2): Buffer {
  const head = statusHead(message.tag, message.status, message.consoleSessionId ?? 0);
  if (!('keyExchangeCode' in message)) return head;
  return Buffer.concat([head, message.managedSystemRandom, message.managedSystemGuid, message.keyExchangeCode]);
}

/** `digestLength` is that of the authentication algorithm; what follows the code is ignored. */
export function decodeRakpMessage2(bytes: Uint8Array, digestLength: number): RakpMessage2 {
  const reader = new ByteReader(bytes, 'RAKP Message 2');
  const tag = reader.byte();
  const status = reader.byte();
  if (status !== sessionStatus.noErrors) return failure(reader, tag, status);
  reader.skip(2);
  const consoleSessionId = reader.uint32LittleEndian();
  const managedSystemRandom = reader.bytes(16);
  const managedSystemGuid = reader.bytes(16);
  const keyExchangeCode = reader.bytes(digestLength);
  return { tag, status, consoleSessionId, managedSystemRandom, managedSystemGuid, keyExchangeCode };
}

export interface RakpMessage3 {
  tag: number;
  status: number;
  managedSystemSessionId: number;
  /** Empty beside an error status. */
  keyExchangeCode: Uint8Array;
}

export function encodeRakpMessage3(message: RakpMessage3): Buffer {
  const head = statusHead(message.tag, message.status, message.managedSystemSessionId);
  return Buffer.concat([head, message.keyExchangeCode]);
}

export function decodeRakpMessage3(bytes: Uint8Array): RakpMessage3 {
  const reader = new ByteReader(bytes, 'RAKP Message 3');
  const tag = reader.byte();
  const status = reader.byte();
  reader.skip(2);
  return { tag, status, managedSystemSessionId: reader.uint32LittleEndian(), keyExchangeCode: reader.rest() };
}

export interface RakpMessage4Accepted {
  tag: number;
  status: typeof sessionStatus.noErrors;
  consoleSessionId: number;
  integrityCheckValue: Uint8Array;
}

export type RakpMessage4 = RakpMessage4Accepted | SetupFailure;

export function encodeRakpMessage4(message: RakpMessage4): Buffer {
  const head = statusHead(message.tag, message.status, message.consoleSessionId ?? 0);
  return 'integrityCheckValue' in message ? Buffer.concat([head, message.integrityCheckValue]) : head;
}

/** `integrityCheckLength` is that of the authentication algorithm. */
export function decodeRakpMessage4(bytes: Uint8Array, integrityCheckLength: number): RakpMessage4 {
  const reader = new ByteReader(bytes, 'RAKP Message 4');
  const tag = reader.byte();
  const status = reader.byte();
  if (status !== sessionStatus.noErrors) return failure(reader, tag, status);
  reader.skip(2);
  const consoleSessionId = reader.uint32LittleEndian();
  return { tag, status, consoleSessionId, integrityCheckValue: reader.bytes(integrityCheckLength) };
}

function failure(reader: ByteReader, tag: number, status: number): SetupFailure {
  if (reader.remaining < 6) return { tag, status, consoleSessionId: undefined };
  reader.skip(2);
  return { tag, status, consoleSessionId: reader.uint32LittleEndian() };
}

function statusHead(tag: number, status: number, sessionId: number): Buffer {
  return Buffer.concat([Buffer.of(tag, status, 0, 0), uint32(sessionId)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function encodeAlgorithms(algorithms: Algorithms): Buffer {
  const { authentication, integrity, confidentiality } = algorithms;
  const codes = [authentication, integrity, confidentiality];
  return Buffer.concat(codes.map((code, kind) => Buffer.of(kind, 0, 0, 8, code, 0, 0, 0)));
}

function readAlgorithms(reader: ByteReader): Algorithms {
  const codes = [0, 1, 2].map((kind) => {
    reader.expect(reader.byte(), kind, 'algorithm payload kind');
    reader.skip(3);
    const code = reader.byte() & 0x3f;
    reader.skip(3);
    return code;
  });
  const [authentication = 0, integrity = 0, confidentiality = 0] = codes;
  return { authentication, integrity, confidentiality };
}
