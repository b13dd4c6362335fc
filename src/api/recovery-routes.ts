/** The routes of incidents, screens, rules and playbooks. Like `routes.ts`. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ControlPlane } from './control-plane.ts';
import * as recovery from './recovery-schemas.ts';
import { machineParams, problems } from './routes.ts';

const incidentParams = z.object({ incident: z.string().min(1).max(255) });
const frameParams = z.object({
  frame: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
    .describe('the SHA-256 of the PNG'),
});

/** All rule files of a site in one request. */
const maximumRulesBytes = 4 * 1024 * 1024;

export function recoveryRoutes(controlPlane: ControlPlane): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/incidents', {
      schema: {
        operationId: 'listIncidents',
        tags: ['incidents'],
        summary: 'Incidents, the newest first',
        querystring: recovery.incidentFilterSchema,
        response: { 200: z.array(recovery.incidentViewSchema), ...problems },
      },
      handler: (request) => controlPlane.listIncidents(request.query),
    });
    app.get('/incidents/:incident', {
      schema: {
        operationId: 'getIncident',
        tags: ['incidents'],
        summary: 'An incident with its timeline and what was observed',
        params: incidentParams,
        response: { 200: recovery.incidentDetailSchema, ...problems },
      },
      handler: (request) => controlPlane.getIncident(request.params.incident),
    });
    app.get('/outages', {
      schema: {
        operationId: 'listOutages',
        tags: ['incidents'],
        summary: 'Outages, the newest first',
        response: { 200: z.array(recovery.outageViewSchema), ...problems },
      },
      handler: () => controlPlane.listOutages(),
    });
    app.get('/frames/:frame', {
      schema: {
        operationId: 'getFrame',
        tags: ['incidents'],
        summary: 'A picture of a screen',
        params: frameParams,
        response: {
          200: { content: { 'image/png': { schema: z.unknown().meta({ type: 'string', format: 'binary' }) } } },
          ...problems,
        },
      },
      handler: async (request, reply) => {
        const { frame } = request.params;
        const png = await controlPlane.frame(frame);
        // Named by its digest, it can never be another one.
        return reply
          .type('image/png')
          .header('cache-control', 'private, max-age=31536000, immutable')
          .header('etag', `"${frame}"`)
          .header('x-content-type-options', 'nosniff')
          .send(Buffer.from(png.buffer, png.byteOffset, png.byteLength));
      },
    });
    app.get('/machines/:machine/screen', {
      schema: {
        operationId: 'getScreen',
        tags: ['machines'],
        summary: 'What its console shows now',
        params: machineParams,
        response: { 200: recovery.screenViewSchema, ...problems },
      },
      handler: (request) => controlPlane.screenOf(request.params.machine),
    });
    app.get('/rules', {
      schema: {
        operationId: 'getRules',
        tags: ['rules'],
        summary: 'The rules and playbooks in force',
        response: { 200: recovery.ruleSetViewSchema, ...problems },
      },
      handler: () => controlPlane.rules(),
    });
    app.put('/rules', {
      bodyLimit: maximumRulesBytes,
      schema: {
        operationId: 'applyRules',
        tags: ['rules'],
        summary: 'Replace the rules and playbooks, whole or not at all',
        body: recovery.rulesRequestSchema,
        response: { 200: recovery.ruleSetViewSchema, ...problems },
      },
      handler: (request) => controlPlane.applyRules(request.body.files),
    });
  };
}
