import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { AthanorError } from '../errors/index.ts';
import type { Random } from './identifiers.ts';

/** Where a secret is kept. It is bound to this place: copied into another row or field it does not open. */
export interface SecretPlace {
  table: string;
  id: string;
  field: string;
}

export interface Secrets {
  /** Seals a secret for one place; the text goes into the database. */
  seal(place: SecretPlace, secret: string): string;
  /** Opens it again; `secret-unreadable` when it was tampered with, is of another place or of another key. */
  open(place: SecretPlace, sealed: string): string;
  /**
   * Tells whether a credential changed. Under a key, so that a reader of the database can neither guess a password
   * offline nor see that two credentials share one (`scope`, e.g. the credential's name, is part of it).
   */
  fingerprint(scope: string, ...parts: string[]): string;
  /** A new token of 256 random bits, in base64url. */
  newToken(): string;
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TOKEN_BYTES = 32;

/**
 * A sealed secret is text: `v1.<key id>.<base64url of the envelope>`, the envelope being
 *
 * | bytes | 12    | as the secret         | 16  |
 * | ----- | ----- | --------------------- | --- |
 * |       | nonce | AES-256-GCM ciphertext | tag |
 *
 * with the header and the place as additional authenticated data. The nonce is random: with 96 bits, 2^32 seals under
 * one key keep the chance of a repeat below 2^-32 (NIST SP 800-38D §8.3).
 */
export function secretsUnder(key: Buffer, random: Random): Secrets {
  const sealingKey = subkey(key, 'athanor seal v1');
  const fingerprintKey = subkey(key, 'athanor fingerprint v1');
  const keyId = subkey(key, 'athanor key id v1').subarray(0, 4).toString('hex');
  const header = `${VERSION}.${keyId}`;

  return {
    seal(place, secret) {
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(additionalData(header, place));
      const envelope = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${header}.${envelope.toString('base64url')}`;
    },
    open(place, sealed) {
      const [version, sealedUnder, text, ...rest] = sealed.split('.');
      if (version !== VERSION || text === undefined || rest.length > 0) {
        throw unreadable(place, 'it is not in the form this program writes');
      }
      if (sealedUnder !== keyId)
        throw unreadable(place, `it was sealed under key ${sealedUnder}, the key file is ${keyId}`);
      const envelope = Buffer.from(text, 'base64url');
      if (envelope.length < NONCE_BYTES + TAG_BYTES) throw unreadable(place, 'it is cut short');
      const decipher = createDecipheriv('aes-256-gcm', sealingKey, envelope.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(additionalData(header, place));
      decipher.setAuthTag(envelope.subarray(-TAG_BYTES));
      try {
        const secret = [decipher.update(envelope.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
        return Buffer.concat(secret).toString('utf8');
      } catch (error) {
        throw unreadable(place, 'it was changed, or sealed for another place', error);
      }
    },
    fingerprint(scope, ...parts) {
      // JSON keeps the parts apart: ("a", "bc") is not ("ab", "c").
      return createHmac('sha256', fingerprintKey)
        .update(JSON.stringify([scope, ...parts]))
        .digest('base64url');
    },
    newToken: () => Buffer.from(random(TOKEN_BYTES)).toString('base64url'),
  };
}

/** What is kept of a token or ticket. A plain digest is enough, since 256 random bits cannot be guessed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

function subkey(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, 32));
}

function additionalData(header: string, { table, id, field }: SecretPlace): Buffer {
  for (const part of [table, id, field]) {
    if (part === '' || part.includes('/')) {
      throw new AthanorError('internal', 'a part of the place of a secret is empty or holds a slash', { value: part });
    }
  }
  return Buffer.from(`${header}/${table}/${id}/${field}`, 'utf8');
}

function unreadable({ table, id, field }: SecretPlace, why: string, cause?: unknown): AthanorError {
  return new AthanorError('secret-unreadable', `the secret ${table}/${id}/${field} cannot be opened: ${why}`, {
    cause,
  });
}
