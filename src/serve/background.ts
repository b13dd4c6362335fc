/** Work that goes on while Athanor runs; each round is bounded, and a failing one is logged and tried again. */
import type { Logger } from 'pino';
import { identifyBmc } from '../discovery/index.ts';
import type { AthanorError, ErrorCode } from '../errors/index.ts';
import { verifyImage } from '../install/index.ts';
import { dropOldFilms } from '../recovery/index.ts';
import type { Site } from '../site/index.ts';
import type { Store } from '../store/index.ts';

const IDENTIFY_EVERY_MS = 60_000;
const DROP_FILMS_EVERY_MS = 60 * 60_000;
/** BMCs asked at a time. */
const AT_ONCE = 16;

export interface Background {
  /** Begin to ask the BMCs that are not known or failing who they are; nobody waits for those that are deaf. */
  identify(): void;
  stop(): Promise<void>;
}

/** @param keepFilmsMs how long the pictures and texts of resolved incidents are kept */
export function startBackground(
  store: Store,
  site: Site,
  logger: Logger,
  now: () => number,
  keepFilmsMs: number,
): Background {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  /** How each failing BMC failed when it was last asked. */
  const failing = new Map<string, ErrorCode>();

  function run(what: string, work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.warn({ err: error }, `${what} failed`);
      })
      .finally(() => running.delete(done));
    running.add(done);
  }

  /** A BMC that goes on failing as it did is no news. */
  function tell(name: string, error: AthanorError | undefined): void {
    if (stopping.signal.aborted || failing.get(name) === error?.code) return;
    if (error === undefined) {
      failing.delete(name);
      logger.info({ bmc: name }, `BMC ${name} answers again`);
      return;
    }
    failing.set(name, error.code);
    const { code, message, remedy } = error;
    logger.warn({ bmc: name, code, remedy }, message);
  }

  async function identify(): Promise<void> {
    const rows = await store.db
      .selectFrom('bmcs')
      .select(['name', 'driver', 'guid', 'last_seen_at', 'last_error'])
      .orderBy('name')
      .execute();
    const unknown = rows.filter(
      (row) =>
        row.last_seen_at === null || row.last_error !== null || (row.guid === null && row.driver !== 'unmanaged'),
    );
    const queue = unknown.map((row) => row.name);
    const worker = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined && !stopping.signal.aborted; name = queue.shift())
        tell(name, await identifyBmc(store, site, name, now, stopping.signal));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, worker));
  }

  async function verifyImages(): Promise<void> {
    const images = await store.db.selectFrom('images').select('name').execute();
    for (const { name } of images)
      await verifyImage(store, name, now, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          logger.error({ err: error, image: name }, 'an image is not what it was declared to be');
      });
  }

  async function dropFilms(): Promise<void> {
    while (!stopping.signal.aborted && (await dropOldFilms(store, now() - keepFilmsMs)) > 0);
  }

  run('reading the images', verifyImages);
  run('dropping old films', dropFilms);
  run('asking the BMCs who they are', identify);
  const timers = [
    setInterval(() => run('asking the BMCs who they are', identify), IDENTIFY_EVERY_MS),
    setInterval(() => run('dropping old films', dropFilms), DROP_FILMS_EVERY_MS),
  ];
  return {
    identify: () => run('asking the BMCs who they are', identify),
    stop: async () => {
      stopping.abort();
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
