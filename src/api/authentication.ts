/** The bearer token on every request (RFC 6750 section 2.1), with refused guesses limited per address. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AthanorError } from '../errors/index.ts';
import type { FailureLimit } from './failure-limit.ts';
import { digestOfToken, maximumTokenLength, type Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the token that was shown; empty on the routes that need none. */
    tokenName: string;
  }
}

const provenCapacity = 1000;

/**
 * The hook that lets a request through or throws `unauthorised`. Tokens that proved right before are always looked at,
 * so that somebody guessing from the same address locks nobody out; unproven ones wait once the guesses are used up.
 */
export function createAuthentication(
  tokens: Tokens,
  limit: FailureLimit,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const proven = new Set<string>();
  return async (request, reply) => {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) {
      void reply.header('www-authenticate', 'Bearer realm="athanor"');
      throw new AthanorError('unauthorised', 'The request carries no bearer token.');
    }
    const address = request.socket.remoteAddress ?? 'unix';
    const digest = digestOfToken(token).toString('base64');
    const wait = proven.has(digest) ? 0 : limit.secondsToWait(address);
    if (wait > 0) {
      void reply.header('retry-after', String(wait));
      throw new AthanorError('too-many-requests', 'Too many wrong tokens came from this address.', {
        remedy: `Wait ${wait} s, then log in with a valid token.`,
      });
    }
    const identity = await tokens.verify(token);
    if (identity === undefined) {
      proven.delete(digest);
      limit.failed(address);
      void reply.header('www-authenticate', 'Bearer realm="athanor", error="invalid_token"');
      throw new AthanorError('unauthorised', 'The token is not known to this server.');
    }
    if (proven.size >= provenCapacity) proven.clear();
    proven.add(digest);
    request.tokenName = identity.name;
  };
}

function bearerToken(header: string | undefined): string | undefined {
  const token = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header ?? '')?.[1];
  return token === undefined || token.length > maximumTokenLength ? undefined : token;
}
