/** The typed client: undici over the pinned connection, answers parsed by the API's own schemas. */
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { type EventView, type Problem, problemSchema } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { followEvents, type EventQuery } from './event-stream.ts';
import { errorOfCode } from './named-error.ts';
import { parseServer, pinnedConnector } from './pinned-connection.ts';

export interface Login {
  server: string;
  /** SHA-256 of the server's certificate. */
  fingerprint: string;
  token: string;
}

export interface Waiting {
  /** Hangs up, by which the server breaks off what it does for this call. */
  signal?: AbortSignal;
  /** How long the server may take to answer; without end where it answers only when somebody ends the call. */
  limitMs?: number;
}

export interface Client {
  get<Answer>(path: string, answer: z.ZodType<Answer>, waiting?: Waiting): Promise<Answer>;
  send<Answer>(
    method: 'PUT' | 'POST',
    path: string,
    body: unknown,
    answer: z.ZodType<Answer>,
    waiting?: Waiting,
  ): Promise<Answer>;
  /** The bytes of a picture. */
  download(path: string): Promise<Uint8Array>;
  events(query: EventQuery, signal: AbortSignal): AsyncIterable<EventView>;
  close(): Promise<void>;
}

/** A path below /api/v1 whose parts may hold any text. */
export function path(strings: TemplateStringsArray, ...values: string[]): string {
  return strings.reduce((all, part, index) => all + part + encodeURIComponent(values[index] ?? ''), '');
}

/** A BMC may take its time; the server gives up before this. */
export const answerTimeoutMs = 120_000;
/** The server shows life every 15 s. */
const silenceTimeoutMs = 45_000;
const longestDownload = 64 * 1024 * 1024;

/** @param connections so many requests are under way at once */
export function createClient(login: Login, connections = 4): Client {
  const server = parseServer(login.server);
  const dispatcher = new Agent({
    connect: pinnedConnector(server, login.fingerprint),
    headersTimeout: answerTimeoutMs,
    bodyTimeout: silenceTimeoutMs,
    connections,
  });
  const authorization = `Bearer ${login.token}`;

  async function call(method: 'GET' | 'PUT' | 'POST', relative: string, body?: unknown, waiting: Waiting = {}) {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    try {
      return await request(`${server.origin}/api/v1/${relative}`, {
        method,
        dispatcher,
        headers,
        ...content,
        ...(waiting.signal === undefined ? {} : { signal: waiting.signal }),
        ...(waiting.limitMs === undefined
          ? {}
          : { headersTimeout: Number.isFinite(waiting.limitMs) ? waiting.limitMs : 0 }),
      });
    } catch (error) {
      throw connectionError(error, login.server);
    }
  }

  async function answerOf<Answer>(response: Awaited<ReturnType<typeof call>>, schema: z.ZodType<Answer>) {
    const content: unknown = await response.body.json().catch(() => undefined);
    if (response.statusCode >= 400) throw problemError(response.statusCode, content);
    const parsed = schema.safeParse(content);
    if (parsed.success) return parsed.data;
    throw new AthanorError('internal', 'The server answered something this command does not understand.', {
      remedy: 'Use the command line of the same version as the server.',
      cause: parsed.error,
    });
  }

  return {
    get: async (relative, schema, waiting) => answerOf(await call('GET', relative, undefined, waiting), schema),
    send: async (method, relative, body, schema, waiting) =>
      answerOf(await call(method, relative, body, waiting), schema),
    download: async (relative) => {
      const response = await call('GET', relative);
      if (response.statusCode >= 400) {
        throw problemError(response.statusCode, await response.body.json().catch(() => undefined));
      }
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of response.body) {
        if (!(chunk instanceof Uint8Array)) continue;
        bytes += chunk.length;
        if (bytes > longestDownload) throw new AthanorError('internal', 'The server sent too much for a picture.');
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    events: (query, signal) =>
      followEvents(query, signal, async (search, lastEventId) => {
        const headers = { authorization, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) };
        try {
          const url = `${server.origin}/api/v1/events?${search}`;
          const response = await request(url, { method: 'GET', dispatcher, headers, signal });
          if (response.statusCode === 200) return response.body;
          throw problemError(response.statusCode, await response.body.json().catch(() => undefined));
        } catch (error) {
          throw connectionError(error, login.server);
        }
      }),
    close: () => dispatcher.destroy(),
  };
}

/** What the server refused, in its own words. */
export function problemError(status: number, content: unknown): AthanorError {
  const parsed = problemSchema.safeParse(content);
  if (!parsed.success) {
    if (status >= 502 && status <= 504)
      return new AthanorError('unreachable', `A proxy answered ${status} instead of Athanor.`);
    return new AthanorError('internal', `The server answered ${status} without a problem document.`, {
      remedy: 'Check that the address is that of Athanor and of no proxy before it.',
    });
  }
  const { code, detail, field, value, remedy, errors = [] } = parsed.data;
  const error = errorOfCode(
    code,
    errors.length < 2 ? detail : errors.map(findingText).join('\n'),
    remedy,
    field,
    value,
  );
  return errors.length === 0 ? error : Object.assign(error, { findings: errors });
}

function findingText({ field, detail, remedy }: NonNullable<Problem['errors']>[number]): string {
  return `${field}: ${detail}${remedy === undefined ? '' : ` ${remedy}`}`;
}

/** What broke below HTTP. */
export function connectionError(error: unknown, server: string): Error {
  if (error instanceof AthanorError) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const why = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
  return new AthanorError('unreachable', `The connection to ${server} broke: ${why}.`, { cause: error });
}
