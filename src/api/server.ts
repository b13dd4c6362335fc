/** The API server: Fastify with the routes, the token, the problem documents and the listeners. */
import { randomUUID } from 'node:crypto';
import fastifySwagger from '@fastify/swagger';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { AthanorError } from '../errors/index.ts';
import { createAuthentication } from './authentication.ts';
import { bmcRoutes } from './bmc-routes.ts';
import type { Certificate } from './certificate.ts';
import { consoleRoute } from './console-route.ts';
import type { ControlPlane } from './control-plane.ts';
import { eventRoutes } from './event-routes.ts';
import { createFailureLimit } from './failure-limit.ts';
import { listen, type Listener, type ListenAddress } from './listeners.ts';
import { problemContentType, problemOf } from './problem.ts';
import { recoveryRoutes } from './recovery-routes.ts';
import { openRoutes, resourceRoutes } from './routes.ts';
import type { Tokens } from './tokens.ts';

export interface ApiOptions {
  controlPlane: ControlPlane;
  tokens: Tokens;
  certificate: Certificate;
  logger: Logger;
  version: string;
  clock?: { now(): Date };
  heartbeatMs?: number;
}

export interface Api {
  /** Fastify itself, for `inject` in tests and for what is mounted beside the API. */
  readonly app: FastifyInstance;
  /** Opens every address, or none: when one fails the others are closed again. */
  listen(addresses: readonly ListenAddress[]): Promise<Listener[]>;
  /** Ends event streams and consoles, lets requests finish, closes the listeners. */
  close(): Promise<void>;
}

/** Header and body fields that must not reach a log, whoever logs them. For pino's `redact`. */
export const redactedPaths = [
  'req.headers.authorization',
  'headers.authorization',
  'authorization',
  'token',
  'password',
  'kg',
  '*.authorization',
  '*.token',
  '*.password',
  '*.kg',
  '*.passwordFile',
];

const maximumBodyBytes = 256 * 1024;
const maximumStreams = 64;
const maximumConsoles = 64;

export async function buildApi(options: ApiOptions): Promise<Api> {
  const { controlPlane, tokens, certificate, version } = options;
  const clock = options.clock ?? { now: () => new Date() };
  const logger: FastifyBaseLogger = options.logger.child({ room: 'api' }, { redact: redactedPaths });
  const app: FastifyInstance = Fastify({
    loggerInstance: logger,
    // Our own line names no query, header or body.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maximumBodyBytes,
    routerOptions: { maxParamLength: 300 },
    genReqId: () => randomUUID(),
    return503OnClosing: false, // refuseWhenClosing answers a problem document instead
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('tokenName', '');
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(notFound);
  logRequests(app);
  refuseWhenClosing(app);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Athanor', version, description: 'The API of Athanor. Errors are RFC 9457 problem documents.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  openRoutes(app, version);
  const limit = createFailureLimit({ clock, burst: 10, refillMs: 6000, capacity: 10_000 });
  const authenticate = createAuthentication(tokens, limit);
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', authenticate);
      // The prefix has its own not-found answer so that strangers cannot probe for routes without a token.
      scope.setNotFoundHandler(notFound);
      await scope.register(resourceRoutes(controlPlane));
      await scope.register(bmcRoutes(controlPlane));
      await scope.register(consoleRoute({ controlPlane, maximumConsoles }));
      await scope.register(recoveryRoutes(controlPlane));
      await scope.register(eventRoutes({ controlPlane, heartbeatMs: options.heartbeatMs ?? 15_000, maximumStreams }));
    },
    { prefix: '/api/v1' },
  );
  await app.ready();

  const listeners: Listener[] = [];
  return {
    app,
    async listen(addresses) {
      for (const address of addresses) {
        try {
          listeners.push(await listen(address, certificate, (request, response) => app.routing(request, response)));
        } catch (error) {
          await Promise.all(listeners.splice(0).map((listener) => listener.close()));
          throw error;
        }
      }
      return [...listeners];
    },
    async close() {
      await Promise.all([app.close(), ...listeners.splice(0).map((listener) => listener.close())]);
    },
  };
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request);
  if (problem.status >= 500) request.log.error({ err: error }, 'the request failed');
  // Serialised here: a route's own response schema must not judge the problem document.
  return reply
    .code(problem.status)
    .type(problemContentType)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}

function notFound(request: { method: string; url: string }): never {
  const path = pathOf(request.url);
  throw new AthanorError('not-found', `${request.method} ${path} is not part of this API.`, {
    field: 'path',
    value: path,
    remedy: 'Look at /openapi.json for what there is.',
  });
}

/** What still comes in on open connections while the server stops is told to come again. */
function refuseWhenClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onRequest', async (_, reply) => {
    if (!closing) return;
    void reply.header('connection', 'close').header('retry-after', '1');
    throw new AthanorError('unreachable', 'The server is stopping.', { remedy: 'Try again in a moment.' });
  });
}

function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        path: pathOf(request.url),
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
        caller: request.tokenName,
        remote: request.socket.remoteAddress,
      },
      'request',
    );
  });
}

function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').slice(0, 300);
}
