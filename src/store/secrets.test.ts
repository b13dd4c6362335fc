import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashToken, secretsUnder } from './secrets.ts';

const key = Buffer.alloc(32, 7);
const place = { table: 'credentials', id: '1', field: 'password' };

describe('sealed secrets', () => {
  const secrets = secretsUnder(key, randomBytes);

  test('open to what was sealed, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (secret) => {
        expect(secrets.open(place, secrets.seal(place, secret))).toBe(secret);
      }),
    );
  });

  test('differ each time', () => {
    expect(secrets.seal(place, 'same')).not.toBe(secrets.seal(place, 'same'));
  });

  test('do not open after any one bit of the envelope changed', () => {
    const [version, keyId, text] = secrets.seal(place, 'hunter2').split('.');
    const envelope = Buffer.from(text ?? '', 'base64url');
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const changed = Buffer.from(envelope);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const sealed = `${version}.${keyId}.${changed.toString('base64url')}`;
      expect(() => secrets.open(place, sealed)).toThrow(expect.objectContaining({ code: 'secret-unreadable' }));
    }
  });

  test.each([
    ['table', { ...place, table: 'api_tokens' }],
    ['row', { ...place, id: '2' }],
    ['field', { ...place, field: 'username' }],
  ])('do not open in another %s', (_name, elsewhere) => {
    const sealed = secrets.seal(place, 'hunter2');
    expect(() => secrets.open(elsewhere, sealed)).toThrow(expect.objectContaining({ code: 'secret-unreadable' }));
  });

  test('do not open under another key, and say which', () => {
    const sealed = secrets.seal(place, 'hunter2');
    const other = secretsUnder(Buffer.alloc(32, 8), randomBytes);
    expect(() => other.open(place, sealed)).toThrow(/sealed under key [0-9a-f]{8}, the key file is [0-9a-f]{8}/);
    // Not even with the other key's id put in front.
    const relabelled = [...other.seal(place, 'x').split('.').slice(0, 2), sealed.split('.')[2]].join('.');
    expect(() => other.open(place, relabelled)).toThrow(expect.objectContaining({ code: 'secret-unreadable' }));
  });

  test('any text that is none is refused without a crash, and never quoted', () => {
    const header = secrets.seal(place, 'x').split('.').slice(0, 2).join('.');
    const texts = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `${header}.${text}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(() => secrets.open(place, text)).toThrow(expect.objectContaining({ code: 'secret-unreadable' }));
      }),
    );
  });

  test('two places cannot be written as one', () => {
    expect(() => secrets.seal({ table: 'a/b', id: 'c', field: 'd' }, 'x')).toThrow('slash');
  });
});

describe('fingerprints', () => {
  const secrets = secretsUnder(key, randomBytes);

  test('are the same for the same credential after a restart', () => {
    expect(secretsUnder(key, randomBytes).fingerprint('bmc', 'admin', 'pw')).toBe(
      secrets.fingerprint('bmc', 'admin', 'pw'),
    );
  });

  test('differ when anything differs, the key included', () => {
    const prints = [
      secrets.fingerprint('bmc', 'admin', 'pw'),
      secrets.fingerprint('bmc', 'admin', 'pw2'),
      secrets.fingerprint('other', 'admin', 'pw'),
      secrets.fingerprint('bmc', 'adminp', 'w'),
      secretsUnder(Buffer.alloc(32, 8), randomBytes).fingerprint('bmc', 'admin', 'pw'),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe('tokens', () => {
  test('hold 256 random bits and are kept as their digest', () => {
    const secrets = secretsUnder(key, randomBytes);
    const token = secrets.newToken();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(secrets.newToken()).not.toBe(token);
    // SHA-256 of "abc", FIPS 180-2 appendix B.1.
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
