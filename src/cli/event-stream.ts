/** Reads the server's event stream (server-sent events), and goes on where it was when the connection is lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { type EventView, eventViewSchema } from '../api/index.ts';
import { asAthanorError, AthanorError } from '../errors/index.ts';

export interface EventQuery {
  /** Events after this sequence. */
  after?: number;
  /** Or the newest so many. */
  last?: number;
  follow: boolean;
}

/** Opens the stream; `lastEventId` is the sequence to go on after. */
export type OpenStream = (search: string, lastEventId: string | undefined) => Promise<AsyncIterable<Uint8Array>>;

const firstPauseMs = 250;
const longestPauseMs = 5000;
/** Without a connection for so long, following ends as `unreachable`. */
const patienceMs = 300_000;
/** A line longer than this is no event of ours. */
const longestLine = 1024 * 1024;

export async function* followEvents(
  query: EventQuery,
  signal: AbortSignal,
  open: OpenStream,
): AsyncGenerator<EventView, void, void> {
  const search = new URLSearchParams({ follow: String(query.follow) });
  if (query.after !== undefined) search.set('after', String(query.after));
  if (query.last !== undefined) search.set('last', String(query.last));
  let last: string | undefined;
  let connectedBefore = false;
  let failingSince: number | undefined;
  let pause = firstPauseMs;
  while (!signal.aborted) {
    try {
      const stream = await open(search.toString(), last);
      connectedBefore = true;
      failingSince = undefined;
      pause = firstPauseMs;
      for await (const event of parseEvents(stream)) {
        last = String(event.sequence);
        yield event;
      }
      if (!query.follow) return;
    } catch (error) {
      if (signal.aborted) return;
      const known = asConnectionError(error);
      if (!connectedBefore || known.code !== 'unreachable') throw known;
      failingSince ??= Date.now();
      if (Date.now() - failingSince > patienceMs) throw known;
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}

function asConnectionError(error: unknown): AthanorError {
  if (error instanceof AthanorError) return error;
  const lost = error instanceof Error && 'code' in error; // of a socket or of undici, while the body was read
  return lost
    ? new AthanorError('unreachable', `The connection broke: ${error.message}.`, { cause: error })
    : asAthanorError(error);
}

/** The events of a stream; comments and unknown fields are skipped (WHATWG HTML section 9.2.6). */
export async function* parseEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<EventView, void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > longestLine) throw new AthanorError('internal', 'The event stream holds a line without end.');
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield eventOf(data.join('\n'));
        data = [];
      } else if (line.startsWith('data:')) data.push(line.slice('data:'.length).replace(/^ /, ''));
    }
  }
}

function eventOf(text: string): EventView {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  const parsed = eventViewSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new AthanorError('internal', 'The event stream holds something this command does not understand.', {
    remedy: 'Use the command line of the same version as the server.',
  });
}
