/** `GET /api/v1/events`: the history as a stream. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { streamEvents } from './event-stream.ts';

const sequence = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a sequence number')
  .transform(Number);

const eventQuery = z.strictObject({
  after: sequence.optional().describe('events after this sequence; 0, all of them, when neither is given'),
  last: sequence.optional().describe('begin with the newest so many instead'),
  follow: z.enum(['true', 'false']).optional().describe('false: end when the history is told'),
});

export interface EventRouteOptions {
  controlPlane: ControlPlane;
  heartbeatMs: number;
  /** Streams open at once; each holds a connection. */
  maximumStreams: number;
}

export function eventRoutes(options: EventRouteOptions): FastifyPluginAsyncZod {
  const { controlPlane, heartbeatMs, maximumStreams } = options;
  return async (app) => {
    const stopping = new AbortController();
    let open = 0;
    app.addHook('preClose', async () => stopping.abort());
    app.get('/events', {
      schema: {
        operationId: 'streamEvents',
        tags: ['events'],
        summary: 'Server-sent events; each data line is an Event, each id its sequence',
        querystring: eventQuery,
        headers: z.looseObject({ 'last-event-id': z.string().optional() }),
        produces: ['text/event-stream'],
      },
      handler: async (request, reply) => {
        if (open >= maximumStreams) {
          throw new AthanorError('too-many-requests', `${maximumStreams} event streams are open already.`);
        }
        const newest = await controlPlane.latestEventSequence();
        const after = resumePoint(request.headers['last-event-id'], request.query, newest);
        open += 1;
        reply.hijack();
        try {
          await streamEvents({
            controlPlane,
            response: reply.raw,
            after,
            until: request.query.follow === 'false' ? newest : undefined,
            signal: stopping.signal,
            heartbeatMs,
          });
        } catch (error) {
          request.log.error({ err: error }, 'the event stream broke');
        } finally {
          open -= 1;
        }
      },
    });
  };
}

/** The header wins: a browser's EventSource reconnects with the URL it began with and this header. */
function resumePoint(
  lastEventId: string | undefined,
  query: { after?: number | undefined; last?: number | undefined },
  newest: number,
): number {
  if (lastEventId !== undefined && lastEventId !== '') {
    const parsed = sequence.safeParse(lastEventId);
    if (!parsed.success) {
      throw new AthanorError('invalid-input', 'Last-Event-ID is not a sequence number.', {
        field: 'last-event-id',
        value: lastEventId.slice(0, 50),
      });
    }
    return parsed.data;
  }
  if (query.after !== undefined) return query.after;
  return query.last === undefined ? 0 : Math.max(0, newest - query.last);
}
