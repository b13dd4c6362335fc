/**
 * The event stream as server-sent events (WHATWG HTML, "Server-sent events"): `id` is the sequence, so that a client
 * that lost the connection goes on where it was by `Last-Event-ID`.
 */
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { ControlPlane } from './control-plane.ts';
import { eventViewSchema, type EventView } from './schemas.ts';

export interface EventStreamOptions {
  controlPlane: ControlPlane;
  response: ServerResponse;
  /** Events after this sequence. */
  after: number;
  /** End at this sequence instead of waiting for more. */
  until: number | undefined;
  /** Aborts when the server stops. */
  signal: AbortSignal;
  heartbeatMs: number;
}

/** Writes events until the client goes, the server stops or `until` is reached. Never writes faster than is read. */
export async function streamEvents(options: EventStreamOptions): Promise<void> {
  const { controlPlane, response, after, until, heartbeatMs } = options;
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, options.signal]);
  const leave = (): void => gone.abort();
  response.once('close', leave);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // a proxy must not hold events back
  });
  response.write(': athanor events\n\n');
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain && !response.writableEnded) response.write(': still here\n\n');
  }, heartbeatMs);
  heartbeat.unref();
  try {
    if (until !== undefined && after >= until) return;
    for await (const event of controlPlane.events(after, signal)) {
      if (signal.aborted) return;
      if (!response.write(messageOf(event))) await drained(response, signal);
      if (until !== undefined && event.sequence >= until) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    response.off('close', leave);
    gone.abort();
    response.end();
  }
}

/** `event:` is left at its default, `message`, so that a browser's `onmessage` sees every kind. */
export function messageOf(event: EventView): string {
  return `id: ${event.sequence}\ndata: ${JSON.stringify(eventViewSchema.parse(event))}\n\n`;
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await once(response, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
