/** `GET /api/v1/bmcs/{bmc}/console`: the connection becomes a serial console (see console-frames.ts). */
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import { consoleProtocol } from './console-frames.ts';
import type { ControlPlane } from './control-plane.ts';
import { problemOf } from './problem.ts';
import { problems } from './routes.ts';
import { carryConsole } from './serial-carrier.ts';
import { switchProtocols, upgradedConnection } from './upgrades.ts';

export interface ConsoleRouteOptions {
  controlPlane: ControlPlane;
  /** Consoles open at once; each holds a connection and a session of a BMC. */
  maximumConsoles: number;
}

/** A client that is gone without a word is noticed after this and ten probes, one each second. */
const keepAliveAfterMs = 30_000;

const params = z.object({ bmc: z.string().min(1).max(255).describe("the BMC's name") });
const query = z.strictObject({
  takeOver: z.enum(['true', 'false']).optional().describe('true: end the console that somebody else has open'),
});

export function consoleRoute({ controlPlane, maximumConsoles }: ConsoleRouteOptions): FastifyPluginAsyncZod {
  return async (app) => {
    const stopping = new AbortController();
    const open = new Set<Promise<void>>();
    app.addHook('preClose', async () => {
      stopping.abort(new AthanorError('unreachable', 'The server is stopping.', { remedy: 'Try again in a moment.' }));
      await Promise.all(open);
    });
    app.get('/bmcs/:bmc/console', {
      schema: {
        operationId: 'openConsole',
        tags: ['bmcs'],
        summary: `Its serial console: an HTTP/1.1 upgrade to ${consoleProtocol}`,
        params,
        querystring: query,
        headers: z.looseObject({ upgrade: z.string().optional().describe(`\`${consoleProtocol}\``) }),
        response: {
          101: z.null().describe(`the console is open, and the connection speaks ${consoleProtocol}`),
          ...problems,
        },
      },
      handler: async (request, reply) => {
        const connection = upgradedConnection(request.raw);
        if (connection === undefined) {
          void reply.header('upgrade', consoleProtocol);
          throw new AthanorError('invalid-input', `This route speaks ${consoleProtocol}, and nothing else.`, {
            field: 'upgrade',
            remedy: `Send \`Connection: Upgrade\` and \`Upgrade: ${consoleProtocol}\`, or use \`athanor bmc console\`.`,
          });
        }
        if (open.size >= maximumConsoles) {
          throw new AthanorError('too-many-requests', `${maximumConsoles} consoles are open already.`);
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        open.add(promise);
        const waiting = untilSwitched(connection);
        try {
          await controlPlane.withConsole(
            request.params.bmc,
            { takeOver: request.query.takeOver === 'true' },
            request.tokenName,
            AbortSignal.any([waiting.gone, stopping.signal]),
            async (console) => {
              waiting.end();
              reply.hijack();
              switchProtocols(reply.raw);
              await carryConsole({ connection, console, stopping: stopping.signal, problemOf: asProblem(request) });
            },
          );
        } catch (error) {
          if (!reply.sent) throw error;
          request.log.error({ err: error }, 'the console broke');
          connection.destroy();
        } finally {
          open.delete(promise);
          resolve();
        }
      },
    });
  };
}

function asProblem(request: FastifyRequest): (error: unknown) => ReturnType<typeof problemOf> {
  return (error) => problemOf(error, request);
}

/** While the BMC is asked, a client says nothing; that it hangs up breaks the asking off. */
function untilSwitched(connection: Socket): { gone: AbortSignal; end(): void } {
  const gone = new AbortController();
  const leave = (): void => {
    connection.destroy();
    gone.abort();
  };
  const left = ['data', 'end', 'close'] as const;
  connection.setNoDelay(true);
  connection.setKeepAlive(true, keepAliveAfterMs);
  for (const event of left) connection.on(event, leave);
  if (connection.destroyed) leave();
  return {
    gone: gone.signal,
    end() {
      for (const event of left) connection.off(event, leave);
    },
  };
}
