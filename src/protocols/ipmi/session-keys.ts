/**
 * Keys and codes of the RAKP key exchange (IPMI v2.0 §13.31 and §13.32). M is the remote console ("management
 * console"), C the managed system, as in the specification: SID session id, R random number.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.ts';

/** What both sides know after RAKP message 2. */
export interface RakpExchange {
  consoleSessionId: number;
  managedSystemSessionId: number;
  consoleRandom: Uint8Array;
  managedSystemRandom: Uint8Array;
  managedSystemGuid: Uint8Array;
  /** The whole requested role byte of RAKP message 1, name-only lookup bit included. */
  roleByte: number;
  username: Uint8Array;
}

export interface SessionKeys {
  /** SIK. */
  sessionIntegrityKey: Buffer;
  /** Authenticates packets: K1, or for MD5-128 the padded password. */
  integrityKey: Buffer;
  /** The front of K2: encrypts payloads. */
  confidentialityKey: Buffer;
}

/** K[UID]: the password zero-padded to 20 bytes, the longest that IPMI 2.0 knows (§13.31). */
export const maximumPasswordLength = 20;
export const maximumUsernameLength = 16;

/** K[UID], and K[G] likewise. Throws a RangeError when the password is longer than 20 bytes. */
export function userKey(password: Uint8Array): Buffer {
  if (password.length > maximumPasswordLength) throw new RangeError('an IPMI 2.0 password has at most 20 bytes');
  const key = Buffer.alloc(maximumPasswordLength);
  key.set(password);
  return key;
}

/** HMAC_K[UID](SIDm, SIDc, Rm, Rc, GUIDc, RoleM, ULengthM, UNameM). */
export function rakp2AuthenticationCode(suite: CipherSuite, key: Uint8Array, exchange: RakpExchange): Buffer {
  return authenticationCode(suite, key, [
    uint32(exchange.consoleSessionId),
    uint32(exchange.managedSystemSessionId),
    exchange.consoleRandom,
    exchange.managedSystemRandom,
    exchange.managedSystemGuid,
    roleAndName(exchange),
  ]);
}

/** HMAC_K[UID](Rc, SIDm, RoleM, ULengthM, UNameM). */
export function rakp3AuthenticationCode(suite: CipherSuite, key: Uint8Array, exchange: RakpExchange): Buffer {
  return authenticationCode(suite, key, [
    exchange.managedSystemRandom,
    uint32(exchange.consoleSessionId),
    roleAndName(exchange),
  ]);
}

/** HMAC_SIK(Rm, SIDc, GUIDc), truncated: the integrity check value of RAKP message 4. */
export function rakp4IntegrityCheck(suite: CipherSuite, keys: SessionKeys, exchange: RakpExchange): Buffer {
  const parts = [exchange.consoleRandom, uint32(exchange.managedSystemSessionId), exchange.managedSystemGuid];
  return authenticationCode(suite, keys.sessionIntegrityKey, parts).subarray(
    0,
    suite.authentication.integrityCheckLength,
  );
}

/** SIK = HMAC_K[G](Rm, Rc, RoleM, ULengthM, UNameM), K1 and K2 from it. `key` is K[UID], which also stands in for a null K[G]. */
export function deriveSessionKeys(
  suite: CipherSuite,
  key: Uint8Array,
  exchange: RakpExchange,
  systemKey: Uint8Array = key,
): SessionKeys {
  const { consoleRandom, managedSystemRandom } = exchange;
  const sessionIntegrityKey = authenticationCode(suite, systemKey, [
    consoleRandom,
    managedSystemRandom,
    roleAndName(exchange),
  ]);
  const k1 = authenticationCode(suite, sessionIntegrityKey, [Buffer.alloc(20, 0x01)]);
  const integrityKey = suite.integrity.keyed === 'hmac' ? k1 : Buffer.from(key);
  const k2 = authenticationCode(suite, sessionIntegrityKey, [Buffer.alloc(20, 0x02)]);
  return { sessionIntegrityKey, integrityKey, confidentialityKey: k2.subarray(0, suite.confidentiality.keyLength) };
}

/** Compares two codes in a time that does not depend on where they differ. */
export function sameCode(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The keyed hash of the suite's authentication algorithm over the parts, one after the other. */
export function authenticationCode(suite: CipherSuite, key: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const code = createHmac(suite.authentication.hash, keyObject(key));
  for (const part of parts) code.update(part);
  return code.digest();
}

/** Node takes two to four times as long for a key that comes as bytes: it first asks what else they could be. */
export function keyObject(key: Uint8Array): KeyObject {
  return createSecretKey(key);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function roleAndName(exchange: RakpExchange): Buffer {
  return Buffer.concat([Buffer.of(exchange.roleByte, exchange.username.length), exchange.username]);
}
