import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CipherSuite } from './cipher-suites.ts';
import { findCipherSuite } from './cipher-suites.ts';
import { openPacket, sealPacket } from './secured-packet.ts';
import { decodeSessionPacket } from './session-packet.ts';
import type { RakpExchange } from './session-keys.ts';
import {
  authenticationCode,
  deriveSessionKeys,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  userKey,
} from './session-keys.ts';

/** Numbers of one real session between ipmitool and ipmi_sim, as ipmitool -vvv printed them. */
const exchange: RakpExchange = {
  consoleSessionId: 0xa0a2a3a4,
  managedSystemSessionId: 0x782,
  consoleRandom: Buffer.from('9776ddfc48fb2f7765d52307e8807f1f', 'hex'),
  managedSystemRandom: Buffer.from('175cf2dd3009f9b98ccea4bd1701270c', 'hex'),
  managedSystemGuid: Buffer.from('a123456789abcdefa123456789abcdef', 'hex'),
  roleByte: 0x14,
  username: Buffer.from('admin'),
};

/** Suite 3: printed by ipmitool. Suite 17: the same numbers through Python's hmac and hashlib. */
const vectors = {
  3: {
    rakp2: 'f6cc99ddb63117795ff00bb57afea023f64cd5c2',
    rakp3: '3a7bb7764b399cfada00a0257e4b6d9f88339432',
    sessionIntegrityKey: '7e2a1e5a0097595c2d5b99bb1a1546d0f9203ae7',
    integrityKey: '758a5efe80f6392fcf15a36b5a8a0c3f1922d694',
    confidentialityKey: '73c7abfb282bbbc15d38d4033c97c99a',
    rakp4: '44b7380ea79a64cbf5380afe',
  },
  17: {
    rakp2: 'd1a8c56a7873bbaff15eccaf1f5d3685f46d9ebd146eb88c79dfe0e8458c2b94',
    rakp3: 'cdea0810979d43175cff40b8007d6f72e0e5edd3f94303cd7ff663f505a5e4eb',
    sessionIntegrityKey: 'ff083c9ae9c0fb2e46a4449b43f56d3c9fbfac9e6b96e4c01b2db1125626e8bb',
    integrityKey: '3b3431ad2f4ff3d0074a8e3010b7cd597f9ae4d92280f733c9bd8430e4ec57b9',
    confidentialityKey: '246cbc9ad3b54a0959240a09354e6850',
    rakp4: 'ddf68301f5cf569d6f5a3ca6574110e9',
  },
};

describe.each([3, 17] as const)('cipher suite %i', (id) => {
  const suite = findCipherSuite(id);
  if (suite === undefined) throw new Error('not in the table');
  const known: CipherSuite = suite;
  const key = userKey(Buffer.from('secret'));
  const keys = deriveSessionKeys(known, key, exchange);

  it('computes the codes and keys of a real session', () => {
    expect({
      rakp2: rakp2AuthenticationCode(known, key, exchange).toString('hex'),
      rakp3: rakp3AuthenticationCode(known, key, exchange).toString('hex'),
      sessionIntegrityKey: keys.sessionIntegrityKey.toString('hex'),
      integrityKey: keys.integrityKey.toString('hex'),
      confidentialityKey: keys.confidentialityKey.toString('hex'),
      rakp4: rakp4IntegrityCheck(known, keys, exchange).toString('hex'),
    }).toEqual(vectors[id]);
  });
});

/** RFC 2202 (MD5, SHA-1) and RFC 4231 (SHA-256): test cases 1, 2, 3 and 6. */
const hmacVectors = [
  {
    key: Buffer.alloc(20, 0x0b),
    data: Buffer.from('Hi There'),
    sha1: 'b617318655057264e28bc0b6fb378c8ef146be00',
    sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  { key: Buffer.alloc(16, 0x0b), data: Buffer.from('Hi There'), md5: '9294727a3638bb1c13f48ef8158bfc9d' },
  {
    key: Buffer.from('Jefe'),
    data: Buffer.from('what do ya want for nothing?'),
    md5: '750c783e6ab0b503eaa86e310a5db738',
    sha1: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    key: Buffer.alloc(20, 0xaa),
    data: Buffer.alloc(50, 0xdd),
    sha1: '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
    sha256: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  { key: Buffer.alloc(16, 0xaa), data: Buffer.alloc(50, 0xdd), md5: '56be34521d144c88dbb8c733f0e8b3f6' },
  {
    key: Buffer.alloc(80, 0xaa),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    md5: '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
    sha1: 'aa4ae5e15272d00e95705637ce8a3b55ed402112',
  },
  {
    key: Buffer.alloc(131, 0xaa),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
];

describe.each([8, 12, 3, 17])('the keyed hash of cipher suite %i', (id) => {
  const suite = findCipherSuite(id);
  if (suite === undefined) throw new Error('not in the table');
  const cases = hmacVectors.flatMap(({ key, data, ...codes }) => {
    const expected = { md5: undefined, sha1: undefined, sha256: undefined, ...codes }[suite.authentication.hash];
    return expected === undefined ? [] : [{ key, data, expected }];
  });

  it.each(cases)('is $expected', ({ key, data, expected }) => {
    expect(authenticationCode(suite, key, [data.subarray(0, 3), data.subarray(3)]).toString('hex')).toBe(expected);
  });
});

describe('MD5-128', () => {
  it('encloses what it covers in the padded password (FreeIPMI does likewise)', () => {
    const suite = findCipherSuite(12);
    if (suite === undefined) throw new Error('not in the table');
    const key = userKey(Buffer.from('secret'));
    const keys = deriveSessionKeys(suite, key, exchange);
    expect(keys.integrityKey.equals(key)).toBe(true);
    const content = { payloadType: 0, sessionId: 1, sequence: 2, payload: Buffer.from('0102', 'hex') };
    const sealed = sealPacket(suite, keys, content, Buffer.alloc(16));
    const covered = sealed.subarray(4, -16);
    const code = createHash('md5').update(key).update(covered).update(key).digest('hex');
    expect(sealed.subarray(-16).toString('hex')).toBe(code);
    const packet = decodeSessionPacket(sealed);
    if (packet.format !== 'rmcp+') throw new Error('not RMCP+');
    expect(openPacket(suite, keys, packet).payload.toString()).toBe(content.payload.toString());
  });
});

describe('K[G]', () => {
  it('takes the place of the password in the session key, and nowhere else', () => {
    const suite = findCipherSuite(3);
    if (suite === undefined) throw new Error('not in the table');
    const key = userKey(Buffer.from('secret'));
    const systemKey = userKey(Buffer.from('system key'));
    const plain = deriveSessionKeys(suite, systemKey, exchange);
    expect(deriveSessionKeys(suite, key, exchange, systemKey)).toEqual(plain);
    expect(deriveSessionKeys(suite, key, exchange)).not.toEqual(plain);
  });
});

describe('the table', () => {
  it('holds 3, 8, 12 and 17 and nothing else', () => {
    const known = Array.from({ length: 256 }, (_, id) => id).filter((id) => findCipherSuite(id) !== undefined);
    expect(known).toEqual([3, 8, 12, 17]);
  });
});

describe('keys', () => {
  it('pads a password to 20 bytes and refuses a longer one', () => {
    expect(userKey(Buffer.from('secret')).toString('hex')).toBe(`736563726574${'00'.repeat(14)}`);
    expect(() => userKey(Buffer.alloc(21))).toThrow(RangeError);
  });

  it('compares codes, also of different lengths', () => {
    expect(sameCode(Buffer.of(1, 2), Buffer.of(1, 2))).toBe(true);
    expect(sameCode(Buffer.of(1, 2), Buffer.of(1, 3))).toBe(false);
    expect(sameCode(Buffer.of(1, 2), Buffer.of(1))).toBe(false);
  });
});
