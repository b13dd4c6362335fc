/** The API's routes as a list: each validates by its schemas and calls the control plane, nothing more. */
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ControlPlane } from './control-plane.ts';
import * as schemas from './schemas.ts';

export const machineParams = z.object({
  machine: z.string().min(1).max(255).describe('id, name, MAC, UUID or serial'),
});
const operationParams = z.object({ operation: z.string().min(1).max(255) });
const credentialParams = z.object({
  credential: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must begin with a letter or digit, then also . _ -'),
});

export const problems = {
  '4xx': { content: { 'application/problem+json': { schema: schemas.problemSchema } } },
  '5xx': { content: { 'application/problem+json': { schema: schemas.problemSchema } } },
};

export function resourceRoutes(controlPlane: ControlPlane): FastifyPluginAsyncZod {
  return async (app) => {
    app.get('/machines', {
      schema: {
        operationId: 'listMachines',
        tags: ['machines'],
        response: { 200: z.array(schemas.machineViewSchema), ...problems },
      },
      handler: () => controlPlane.listMachines(),
    });
    app.get('/machines/:machine', {
      schema: {
        operationId: 'getMachine',
        tags: ['machines'],
        params: machineParams,
        response: { 200: schemas.machineDetailSchema, ...problems },
      },
      handler: (request) => controlPlane.getMachine(request.params.machine),
    });
    app.post('/machines/:machine/deploy', {
      schema: {
        operationId: 'deployMachine',
        tags: ['machines'],
        summary: 'Write an image to its disk and boot it',
        params: machineParams,
        body: schemas.deployRequestSchema,
        response: { 202: schemas.operationViewSchema, ...problems },
      },
      handler: async (request, reply) => {
        const operation = await controlPlane.deployMachine(request.params.machine, request.body);
        return reply.code(202).header('location', `/api/v1/operations/${operation.id}`).send(operation);
      },
    });
    app.post('/machines/:machine/inspect', {
      schema: {
        operationId: 'inspectMachine',
        tags: ['machines'],
        summary: 'Boot the ramdisk and take its inventory',
        params: machineParams,
        response: { 202: schemas.operationViewSchema, ...problems },
      },
      handler: async (request, reply) => {
        const operation = await controlPlane.inspectMachine(request.params.machine);
        return reply.code(202).header('location', `/api/v1/operations/${operation.id}`).send(operation);
      },
    });
    app.put('/machines/:machine/name', {
      schema: {
        operationId: 'nameMachine',
        tags: ['machines'],
        params: machineParams,
        body: schemas.nameRequestSchema,
        response: { 200: schemas.machineViewSchema, ...problems },
      },
      handler: (request) => controlPlane.nameMachine(request.params.machine, request.body.name),
    });
    app.put('/machines/:machine/maintenance', {
      schema: {
        operationId: 'setMaintenance',
        tags: ['machines'],
        summary: 'Keep automation away from it, or let it come again',
        params: machineParams,
        body: schemas.maintenanceRequestSchema,
        response: { 200: schemas.machineViewSchema, ...problems },
      },
      handler: (request) => controlPlane.setMaintenance(request.params.machine, request.body),
    });

    app.get('/operations', {
      schema: {
        operationId: 'listOperations',
        tags: ['operations'],
        querystring: schemas.operationFilterSchema,
        response: { 200: z.array(schemas.operationViewSchema), ...problems },
      },
      handler: (request) => controlPlane.listOperations(request.query),
    });
    app.get('/operations/:operation', {
      schema: {
        operationId: 'getOperation',
        tags: ['operations'],
        params: operationParams,
        response: { 200: schemas.operationDetailSchema, ...problems },
      },
      handler: (request) => controlPlane.getOperation(request.params.operation),
    });
    app.post('/operations/:operation/abort', {
      schema: {
        operationId: 'abortOperation',
        tags: ['operations'],
        params: operationParams,
        body: schemas.abortRequestSchema,
        response: { 202: schemas.operationViewSchema, ...problems },
      },
      handler: async (request, reply) =>
        reply.code(202).send(await controlPlane.abortOperation(request.params.operation, request.body.reason)),
    });

    app.get('/networks', {
      schema: {
        operationId: 'listNetworks',
        tags: ['networks'],
        response: { 200: z.array(schemas.networkViewSchema), ...problems },
      },
      handler: () => controlPlane.listNetworks(),
    });
    app.get('/leases', {
      schema: {
        operationId: 'listLeases',
        tags: ['networks'],
        response: { 200: z.array(schemas.leaseViewSchema), ...problems },
      },
      handler: () => controlPlane.listLeases(),
    });
    app.get('/images', {
      schema: {
        operationId: 'listImages',
        tags: ['images'],
        response: { 200: z.array(schemas.imageViewSchema), ...problems },
      },
      handler: () => controlPlane.listImages(),
    });
    app.put('/credentials/:credential', {
      schema: {
        operationId: 'setCredential',
        tags: ['credentials'],
        params: credentialParams,
        body: schemas.credentialRequestSchema,
        response: { 200: schemas.credentialViewSchema, ...problems },
      },
      handler: (request) => controlPlane.setCredential(request.params.credential, request.body),
    });
  };
}

/** The routes that need no token. */
export function openRoutes(app: FastifyInstance, version: string): void {
  app.get('/openapi.json', { schema: { hide: true }, handler: () => app.swagger() });
  app.get('/healthz', { schema: { hide: true }, handler: () => ({ status: 'ok', version }) });
}
