/** The routes of BMCs: what is known of them, and one route for each command of the table. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type BmcCommand, loadBmcCommands, parameterFromText, routeOf } from '../bmc/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { problems } from './routes.ts';
import * as schemas from './schemas.ts';

const bmcParams = z.object({ bmc: z.string().min(1).max(255).describe("the BMC's name") });
const given = z.record(z.string(), z.unknown());

/** What a BMC is told answers 200 with its outcome, whatever the outcome: the evidence must reach the caller. */
export function bmcRoutes(controlPlane: ControlPlane): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/bmcs', {
      schema: {
        operationId: 'listBmcs',
        tags: ['bmcs'],
        response: { 200: z.array(schemas.bmcViewSchema), ...problems },
      },
      handler: () => controlPlane.listBmcs(),
    });
    app.get('/bmcs/:bmc', {
      schema: {
        operationId: 'getBmc',
        tags: ['bmcs'],
        params: bmcParams,
        response: { 200: schemas.bmcDetailSchema, ...problems },
      },
      handler: (request) => controlPlane.getBmc(request.params.bmc),
    });
    const stopping = new AbortController();
    app.addHook('preClose', async () => stopping.abort());
    for (const command of await loadBmcCommands()) addCommandRoute(app, controlPlane, command, stopping.signal);
  };
}

/** @param stopping the server stops: what would last until somebody interrupts it ends with it */
function addCommandRoute(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  command: BmcCommand,
  stopping: AbortSignal,
): void {
  const { method, path } = routeOf(command);
  const parameters = command.parameters.strict();
  const answer = schemas.bmcAnswerSchema.extend({ value: command.value.optional() });
  app.route({
    method,
    url: `/bmcs/:bmc/${path}`,
    schema: {
      operationId: operationIdOf(command),
      tags: ['bmcs'],
      summary: command.summary,
      params: bmcParams,
      ...(method === 'GET' ? { querystring: parameters } : { body: parameters }),
      response: { 200: answer, ...problems },
    },
    // A query is text: each text becomes what the parameter takes, before it is judged. A POST without a body has no wishes.
    preValidation: async (request) => {
      if (method === 'GET') request.query = fromQuery(command, given.parse(request.query));
      else request.body ??= {};
    },
    // The command's own schema is for the document: a value that a BMC gave is never refused on the way out.
    serializerCompiler: () => (payload) => JSON.stringify(payload),
    handler: async (request, reply) => {
      const { bmc } = bmcParams.parse(request.params);
      const wishes = given.parse(method === 'GET' ? request.query : request.body);
      const gone = goneClient(reply.raw);
      const signal = command.untilInterrupted === true ? AbortSignal.any([gone, stopping]) : gone;
      return await controlPlane.askBmc(bmc, command, wishes, request.tokenName, signal);
    },
  });
}

/** Fires when the connection ends before the answer was sent: nobody waits for what the BMC is still doing. */
function goneClient(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

function fromQuery(command: BmcCommand, query: Record<string, unknown>): Record<string, unknown> {
  const known = Object.keys(command.parameters.shape);
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      if (!known.includes(name)) return [name, value];
      const texts = Array.isArray(value) ? value.map(String) : String(value);
      return [name, parameterFromText(command, name, texts)];
    }),
  );
}

/** `sel list` → `bmcSelList`. */
function operationIdOf({ name }: BmcCommand): string {
  return `bmc${name.replaceAll(/(?:^|[ -])(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}
