/**
 * The session wrappers around a payload inside RMCP (IPMI v2.0 §13.6, Table 13-8).
 *
 * | IPMI v1.5 wrapper, sessionless only | RMCP+ wrapper                                             |
 * | ----------------------------------- | --------------------------------------------------------- |
 * | authentication type 0x00            | authentication type 0x06                                  |
 * | sequence number (4), 0              | payload type: bit 7 encrypted, bit 6 authenticated        |
 * | session id (4), 0                   | session id (4, LE), 0 outside a session                   |
 * | payload length (1)                  | session sequence number (4, LE), 0 outside a session      |
 * | payload                             | payload length (2, LE)                                    |
 * |                                     | payload                                                   |
 * |                                     | trailer when authenticated: see secured-packet.ts         |
 *
 * An IPMI 1.5 *session* is never spoken; its wrapper carries Get Channel Authentication Capabilities (§13.4), which has
 * to be understood before it is known whether the BMC speaks 2.0.
 */
import { ByteReader, hexByte } from './byte-reader.ts';
import { decodeRmcp, encodeRmcp } from './rmcp.ts';

/** Payload types (§13.27.3, Table 13-16). */
export const payloadType = {
  ipmiMessage: 0x00,
  serialOverLan: 0x01,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakpMessage1: 0x12,
  rakpMessage2: 0x13,
  rakpMessage3: 0x14,
  rakpMessage4: 0x15,
} as const;

export interface SessionlessMessage {
  format: 'ipmi-1.5';
  payload: Uint8Array;
}

export interface SessionPacket {
  format: 'rmcp+';
  payloadType: number;
  encrypted: boolean;
  authenticated: boolean;
  sessionId: number;
  sequence: number;
  /** As on the wire: still encrypted when `encrypted` is set. */
  payload: Uint8Array;
  /** What follows the payload: the integrity trailer of an authenticated packet. */
  trailer: Uint8Array;
}

const authenticationTypeNone = 0x00;
const authenticationTypeRmcpPlus = 0x06;
export const sessionHeaderLength = 12;

/** A whole UDP payload with an IPMI message outside any session, in the IPMI v1.5 wrapper. */
export function encodeSessionless(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(10);
  header[9] = payload.length;
  return encodeRmcp('ipmi', Buffer.concat([header, payload]));
}

/** The RMCP+ wrapper (without RMCP header): the part that the integrity code covers, up to the trailer. */
export function encodeSessionHeaderAndPayload(packet: Omit<SessionPacket, 'trailer' | 'format'>): Buffer {
  const header = Buffer.alloc(sessionHeaderLength);
  header[0] = authenticationTypeRmcpPlus;
  header[1] = (packet.encrypted ? 0x80 : 0) | (packet.authenticated ? 0x40 : 0) | (packet.payloadType & 0x3f);
  header.writeUInt32LE(packet.sessionId, 2);
  header.writeUInt32LE(packet.sequence, 6);
  header.writeUInt16LE(packet.payload.length, 10);
  return Buffer.concat([header, packet.payload]);
}

/** A whole UDP payload with an RMCP+ session setup payload (types 0x10–0x15), which is always outside a session. */
export function encodeSessionSetup(type: number, payload: Uint8Array): Buffer {
  const header = { payloadType: type, encrypted: false, authenticated: false, sessionId: 0, sequence: 0 };
  return encodeRmcp('ipmi', encodeSessionHeaderAndPayload({ ...header, payload }));
}

/** As `encodeSessionless`, in the RMCP+ wrapper, with a session id of 0. */
export function encodeSessionlessPlus(payload: Uint8Array): Buffer {
  return encodeSessionSetup(payloadType.ipmiMessage, payload);
}

export function decodeSessionPacket(udpPayload: Uint8Array): SessionlessMessage | SessionPacket {
  const { messageClass, body } = decodeRmcp(udpPayload);
  const reader = new ByteReader(body, 'IPMI session header');
  if (messageClass !== 'ipmi') reader.fail('not an IPMI message');
  const authenticationType = reader.byte();
  if (authenticationType === authenticationTypeNone) return decodeSessionless(reader);
  if (authenticationType !== authenticationTypeRmcpPlus) {
    return reader.fail(`authentication type ${hexByte(authenticationType)} belongs to an IPMI 1.5 session`);
  }
  const typeByte = reader.byte();
  // OEM explicit payloads carry six more header bytes; none is ever asked for.
  if ((typeByte & 0x3f) === 0x02) reader.fail('an OEM explicit payload');
  const sessionId = reader.uint32LittleEndian();
  const sequence = reader.uint32LittleEndian();
  const payload = reader.bytes(reader.uint16LittleEndian());
  return {
    format: 'rmcp+',
    payloadType: typeByte & 0x3f,
    encrypted: (typeByte & 0x80) !== 0,
    authenticated: (typeByte & 0x40) !== 0,
    sessionId,
    sequence,
    payload,
    trailer: reader.rest(),
  };
}

function decodeSessionless(reader: ByteReader): SessionlessMessage {
  reader.uint32LittleEndian();
  if (reader.uint32LittleEndian() !== 0) reader.fail('an IPMI 1.5 message inside a session');
  return { format: 'ipmi-1.5', payload: reader.bytes(reader.byte()) };
}
