/**
 * Packets inside an RMCP+ session: every one encrypted and authenticated (IPMI v2.0 §13.28.4, §13.29).
 *
 * | encrypted payload (AES-CBC-128)        | trailer                                                    |
 * | -------------------------------------- | ---------------------------------------------------------- |
 * | initialization vector (16)             | integrity pad 0xFF … until the length divides by four      |
 * | AES of: payload, pad 01 02 03 …,       | pad length (1)                                             |
 * |   pad length (1)                       | next header 0x07 (1)                                       |
 * |                                        | code over all from authentication type to next header      |
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.ts';
import { ByteReader } from './byte-reader.ts';
import { encodeRmcp } from './rmcp.ts';
import type { SessionKeys } from './session-keys.ts';
import { keyObject, sameCode } from './session-keys.ts';
import type { SessionPacket } from './session-packet.ts';
import { encodeSessionHeaderAndPayload } from './session-packet.ts';

const nextHeader = 0x07;
const aesBlock = 16;

export interface SecuredPayload {
  payloadType: number;
  /** The id that the receiver chose. */
  sessionId: number;
  sequence: number;
  payload: Uint8Array;
}

/** A whole UDP payload. `vector` is fresh randomness for every packet. */
export function sealPacket(suite: CipherSuite, keys: SessionKeys, content: SecuredPayload, vector: Uint8Array): Buffer {
  const payload = encrypt(suite, keys, content.payload, vector);
  const covered = encodeSessionHeaderAndPayload({ ...content, payload, encrypted: true, authenticated: true });
  const padLength = (4 - ((covered.length + 2) % 4)) % 4;
  const trailer = Buffer.concat([Buffer.alloc(padLength, 0xff), Buffer.of(padLength, nextHeader)]);
  return encodeRmcp('ipmi', Buffer.concat([covered, trailer, integrityCode(suite, keys, [covered, trailer])]));
}

/** Checks the integrity code, then decrypts. Throws IpmiDecodeError for a packet that is not genuine. */
export function openPacket(suite: CipherSuite, keys: SessionKeys, packet: SessionPacket): SecuredPayload {
  const reader = new ByteReader(packet.trailer, 'IPMI session packet');
  if (!packet.authenticated || !packet.encrypted) reader.fail('not authenticated and encrypted inside a session');
  const { digestLength } = suite.integrity;
  if (reader.remaining < digestLength + 2) reader.fail('the session trailer is cut short');
  const padding = reader.bytes(reader.remaining - digestLength);
  const expected = integrityCode(suite, keys, [encodeSessionHeaderAndPayload(packet), padding]);
  if (!sameCode(expected, reader.rest())) reader.fail('the integrity code is wrong');
  const payload = decrypt(suite, keys, packet.payload);
  return { payloadType: packet.payloadType, sessionId: packet.sessionId, sequence: packet.sequence, payload };
}

function integrityCode(suite: CipherSuite, keys: SessionKeys, parts: Uint8Array[]): Buffer {
  const { hash, keyed, digestLength } = suite.integrity;
  const code = keyed === 'hmac' ? createHmac(hash, keyObject(keys.integrityKey)) : createHash(hash);
  const covered = keyed === 'hmac' ? parts : [keys.integrityKey, ...parts, keys.integrityKey];
  for (const part of covered) code.update(part);
  return code.digest().subarray(0, digestLength);
}

function encrypt(suite: CipherSuite, keys: SessionKeys, plain: Uint8Array, vector: Uint8Array): Buffer {
  const padLength = (aesBlock - ((plain.length + 1) % aesBlock)) % aesBlock;
  const pad = Buffer.from(Array.from({ length: padLength }, (_, index) => index + 1));
  const cipher = createCipheriv(suite.confidentiality.cipher, keyObject(keys.confidentialityKey), vector);
  cipher.setAutoPadding(false);
  return Buffer.concat([vector, cipher.update(Buffer.concat([plain, pad, Buffer.of(padLength)])), cipher.final()]);
}

function decrypt(suite: CipherSuite, keys: SessionKeys, payload: Uint8Array): Buffer {
  const reader = new ByteReader(payload, 'IPMI encrypted payload');
  const vector = reader.bytes(suite.confidentiality.vectorLength);
  if (reader.remaining === 0 || reader.remaining % aesBlock !== 0) reader.fail('not a whole number of AES blocks');
  const decipher = createDecipheriv(suite.confidentiality.cipher, keyObject(keys.confidentialityKey), vector);
  decipher.setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(reader.rest()), decipher.final()]);
  // The pad's own bytes are not checked: the integrity code already vouches for them, and some BMCs pad with zeros.
  const padLength = plain[plain.length - 1] ?? 0;
  if (padLength + 1 > plain.length || padLength >= aesBlock) reader.fail('the confidentiality pad length is wrong');
  return plain.subarray(0, plain.length - 1 - padLength);
}
