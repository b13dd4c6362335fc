import pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionSettings } from './postgres.ts';

const RETRY_MS = 2_000;
/** A connection that died without a word is noticed by the next question. */
const PROBE_MS = 10_000;

/**
 * Calls `onNotice` whenever another process notifies `channel`, and after each (re)connection, since notices may have
 * been missed before it. Settles when `signal` aborts.
 */
export async function listenToChannel(
  url: string,
  channel: string,
  signal: AbortSignal,
  onNotice: () => void,
  onLost: (error: Error) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await listenOnce(url, channel, signal, onNotice);
    } catch (error) {
      if (signal.aborted) return;
      onLost(error instanceof Error ? error : new Error(String(error)));
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function listenOnce(url: string, channel: string, signal: AbortSignal, onNotice: () => void): Promise<void> {
  const client = new pg.Client({ ...connectionSettings(url), query_timeout: PROBE_MS, keepAlive: true });
  const over = Promise.withResolvers<void>();
  // An error may come while nobody waits for `over` yet; it is still reported to who waits later.
  over.promise.catch(() => undefined);
  client.on('error', over.reject);
  client.on('end', () => over.reject(new Error('the connection that listens for events ended')));
  client.on('notification', onNotice);
  const stop = (): void => over.resolve();
  signal.addEventListener('abort', stop, { once: true });
  let probe: NodeJS.Timeout | undefined;
  try {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
    onNotice();
    probe = setInterval(() => void client.query('select 1').catch(over.reject), PROBE_MS);
    if (!signal.aborted) await over.promise;
  } finally {
    clearInterval(probe);
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}
