/**
 * Bearer tokens. One is made at the first start and left in the data directory for `athanor login --local`; what is
 * compared are digests, so that the time it takes says nothing about how much of a guess was right.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AthanorError } from '../errors/index.ts';

export interface Tokens {
  verify(token: string): Promise<{ name: string } | undefined>;
}

export const tokenFile = 'token';
/** Longest token that is looked at. */
export const maximumTokenLength = 512;

export function digestOfToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** Tokens by the digests of their text. Every one is compared, whichever matches. */
export function createTokens(known: readonly { name: string; digest: Uint8Array }[]): Tokens {
  return {
    async verify(token) {
      const digest = digestOfToken(token);
      let found: { name: string } | undefined;
      for (const entry of known) {
        if (entry.digest.length === digest.length && timingSafeEqual(entry.digest, digest))
          found = { name: entry.name };
      }
      return found;
    },
  };
}

/** The first start's token: read from the data directory, made there when missing. 256 random bits. */
export async function ensureFirstToken(directory: string, randomBytes: (size: number) => Uint8Array): Promise<string> {
  const path = join(directory, tokenFile);
  const token = `athanor_${Buffer.from(randomBytes(32)).toString('base64url')}`;
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${token}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return token;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const present = (await readFile(path, 'utf8')).trim();
  if (present.length < 20 || present.length > maximumTokenLength) {
    throw new AthanorError('secret-unreadable', 'The file of the first token holds no token.', {
      field: path,
      remedy: `Remove ${path}; the next start makes a new token.`,
    });
  }
  return present;
}
