import { describe, expect, it } from 'vitest';
import type { CipherSuite } from './cipher-suites.ts';
import { findCipherSuite } from './cipher-suites.ts';
import type { RakpExchange } from './session-keys.ts';
import {
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
