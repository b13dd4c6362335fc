import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { type Logger, pino } from 'pino';
import { createApi, createTokens, digestOfToken, ensureCertificate, ensureFirstToken } from '../api/index.ts';
import { createSystemClock, createUdpTransport } from '../bmc/index.ts';
import { connectByNet, createGraphicalConsole } from '../console/index.ts';
import { createBootAttempts, createRamdiskService, createWakeups, declareImages } from '../install/index.ts';
import {
  createBootBackend,
  createBootDirectory,
  createMachineRequests,
  createRamdiskWork,
  defaultDeadlines,
  deployMachine,
  inspectMachine,
  type MachineEnvironment,
} from '../machine/index.ts';
import { createOperations, type EngineOptions } from '../operation/index.ts';
import { createBmcHost, createConsoleHost, createSite, openLeaseStore } from '../site/index.ts';
import { asStorageFault, type DatabaseChoice, openStore } from '../store/index.ts';
import { startBackground } from './background.ts';
import { startBootServices } from './boot-services.ts';
import { type Configuration, describeFinding, loadConfiguration, readSecretFile } from './configuration/index.ts';
import { createControlPlane } from './control-plane.ts';
import { createCredentials, type Credentials } from './credentials.ts';
import { createRefusedCredentials, declareBmcs, declareToSite } from './declarations.ts';
import { followHistory } from './following.ts';
import { createNetworkDirectory } from './networks.ts';
import { createRecoveryRoom } from './recovery.ts';
import { createRecoveryPlane } from './recovery-plane.ts';
import { createRefusalLog } from './refusal-log.ts';

export interface ServeOptions {
  configurationFile: string;
  /** Stops everything in order when it fires. */
  signal: AbortSignal;
  log: 'json' | 'pretty';
}

/** A quarter of a year: long enough to look back at what a machine had before. */
const DEFAULT_KEEP_FILMS_MS = 90 * 24 * 60 * 60_000;

/** The kernel command line of the ramdisk. Secrets never stand here: it ends up on screens and in logs. */
const RAMDISK_COMMAND_LINE = 'console=tty0 console=ttyS0,115200 quiet panic=30';

/** Undo what was started, the newest first; the first failure is thrown after all were undone. */
function stopper(): { push(stop: () => Promise<void> | void): void; stop(): Promise<void> } {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    push: (stop) => void steps.push(stop),
    stop: async () => {
      const failures: unknown[] = [];
      for (const step of steps.splice(0).reverse())
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      if (failures.length > 0) throw failures[0];
    },
  };
}

async function databaseOf(configuration: Configuration): Promise<{ database: DatabaseChoice; engine: EngineOptions }> {
  const { database, dataDirectory } = configuration;
  if (database.kind === 'sqlite')
    return {
      database: { kind: 'sqlite', file: path.join(dataDirectory, 'athanor.db') },
      engine: { kind: 'sqlite', file: path.join(dataDirectory, 'engine.db') },
    };
  const url = 'url' in database ? database.url : await readSecretFile(database.urlFile);
  return { database: { kind: 'postgres', url }, engine: { kind: 'postgres', url } };
}

async function findRamdisk(
  configuration: Configuration,
  logger: Logger,
): Promise<{ kernelFile: string; initrdFile: string; commandLine: string } | undefined> {
  if (configuration.ramdisk === undefined) {
    logger.warn('no ramdisk is configured: machines are given addresses but cannot be inspected or deployed');
    return undefined;
  }
  const { directory, kernel } = configuration.ramdisk;
  const files = {
    kernelFile: path.join(directory, `vmlinuz-${kernel}`),
    initrdFile: path.join(directory, `initrd-${kernel}`),
  };
  for (const file of Object.values(files))
    try {
      await stat(file);
    } catch {
      logger.warn({ file }, 'the ramdisk is missing: build it with `make ramdisk`, then start again');
      return undefined;
    }
  return { ...files, commandLine: RAMDISK_COMMAND_LINE };
}

async function declareCredentials(
  { credentials: declared }: Configuration,
  credentials: Pick<Credentials, 'declare'>,
  logger: Logger,
): Promise<void> {
  for (const { name, protocol, username, passwordFile, kgFile } of declared) {
    const password = await readSecretFile(passwordFile);
    const systemKey = kgFile === undefined ? undefined : await readSecretFile(kgFile);
    if (!(await credentials.declare(name, { protocol, username, password, systemKey })))
      logger.warn(
        { credential: name, file: passwordFile },
        'this credential was set anew since its file was written, and stays so until the file changes',
      );
  }
}

/** For tests that kill the process at a checkpoint of an operation: `ATHANOR_KILL_AT=deploy-machine/power-on/effect`. */
function killAt(point: string | undefined): ((reached: string) => void) | undefined {
  if (point === undefined || point === '') return undefined;
  return (reached) => {
    if (reached === point) process.kill(process.pid, 'SIGKILL');
  };
}

async function version(): Promise<string> {
  const text = await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '0';
}

/** Run Athanor until the signal fires. Throws what a person should read when it cannot start. */
export async function serve({ configurationFile, signal, log }: ServeOptions): Promise<void> {
  const { configuration, warnings } = await loadConfiguration(configurationFile);
  const logger = pino({
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['*.password', '*.token', '*.authorization', 'password', 'token', 'authorization'],
    ...(log === 'pretty' ? { formatters: { level: (label: string) => ({ level: label }) } } : {}),
  });
  for (const warning of warnings) logger.warn(describeFinding(warning));
  const running = stopper();
  try {
    await start(configuration, logger, running.push).catch((error: unknown) => {
      throw asStorageFault(`the data directory ${configuration.dataDirectory}`, error);
    });
    logger.info({ pid: process.pid }, 'athanor is ready');
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    logger.info('athanor stops');
  } finally {
    await running.stop();
  }
}

async function start(
  configuration: Configuration,
  logger: Logger,
  onStop: (stop: () => Promise<void> | void) => void,
): Promise<void> {
  const now = (): number => Date.now();
  const clock = { now };
  const random = (length: number): Buffer => randomBytes(length);
  const { dataDirectory } = configuration;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });

  const { database, engine } = await databaseOf(configuration);
  const store = await openStore({ database, keyFile: path.join(dataDirectory, 'key'), clock, random, logger });
  onStop(() => store.close());

  const leases = openLeaseStore(path.join(dataDirectory, 'leases.db'), now);
  const bmcs = createBmcHost({
    udp: createUdpTransport(),
    clock: createSystemClock(),
    randomBytes: random,
    refusedCredentials: createRefusedCredentials(store, now),
  });
  const consoles = createConsoleHost((settings) => createGraphicalConsole(settings, { connect: connectByNet }));
  const site = createSite({ bmcs, consoles, leases });
  onStop(() => site.stop());

  let background: ReturnType<typeof startBackground> | undefined;
  const credentials = createCredentials(store, now, async () => {
    // While the configuration is taken in, the BMCs are declared once, after all of their credentials.
    if (background === undefined) return;
    await declareToSite(site, configuration.bmcs, credentials);
    background.identify();
  });

  await declareBmcs(store, configuration, now());
  await declareImages(store, configuration.images);
  await declareCredentials(configuration, credentials, logger);
  await declareToSite(site, configuration.bmcs, credentials);

  const attempts = createBootAttempts(store, now);
  const wakeups = createWakeups();
  const { netbootTimeoutMs, writeStallTimeoutMs, bootTimeoutMs } = configuration.deployment;
  const environment: MachineEnvironment = {
    store,
    site,
    attempts,
    wakeups,
    now,
    deadlines: {
      netbootMs: netbootTimeoutMs ?? defaultDeadlines.netbootMs,
      writeStallMs: writeStallTimeoutMs ?? defaultDeadlines.writeStallMs,
      bootMs: bootTimeoutMs ?? defaultDeadlines.bootMs,
    },
  };
  const recovery = await createRecoveryRoom({
    store,
    site,
    wakeups,
    environment,
    configuration: configuration.recovery,
    logger,
    now,
  });
  const operations = createOperations({
    store,
    engine,
    definitions: [deployMachine(environment), inspectMachine(environment), recovery.definition],
    clock,
    logger,
    reach: killAt(process.env['ATHANOR_KILL_AT']),
  });
  const requests = createMachineRequests(store, operations, now);
  const directory = createBootDirectory(store);
  await directory.load();
  const following = new AbortController();
  const followed = followHistory(directory, wakeups, logger, following.signal);
  onStop(async () => {
    following.abort();
    await followed;
  });

  const ramdiskService = createRamdiskService({
    attempts,
    work: createRamdiskWork(store, directory, now),
    wakeups,
    onError: createRefusalLog(logger, 'a request of a ramdisk', now),
  });
  await recovery.heartbeats.load();
  onStop(() => recovery.heartbeats.stop());
  const backend = createBootBackend({
    store,
    directory,
    requests,
    attempts,
    leases,
    ramdisk: await findRamdisk(configuration, logger),
    ramdiskService: async (request) => (await ramdiskService(request)) ?? (await recovery.heartbeats.service(request)),
    now,
    onError: (error, doing) => logger.error({ err: error }, `${doing} failed`),
  });
  site.attachBoot(await startBootServices({ configuration, backend, leases, store, logger, random }));
  recovery.heartbeats.listening();

  await operations.startWorker();
  onStop(() => operations.stop());
  const watch = recovery.watch(operations);
  await watch.start();
  onStop(() => watch.stop());
  background = startBackground(store, site, logger, now, configuration.recovery.keepFilmsMs ?? DEFAULT_KEEP_FILMS_MS);
  const started = background;
  onStop(() => started.stop());

  const certificate = await ensureCertificate({
    directory: dataDirectory,
    clock: { now: () => new Date() },
    names: certificateNames(configuration),
  });
  const token = await ensureFirstToken(dataDirectory, random);
  const api = await createApi({
    controlPlane: createControlPlane({
      store,
      site,
      operations,
      requests,
      credentials,
      networks: createNetworkDirectory(configuration.networks, site),
      recovery: createRecoveryPlane({
        store,
        sources: { store, leases: site.leases },
        requests,
        observer: recovery.observer,
        recovery: watch,
        now,
      }),
      now,
    }),
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate,
    logger,
    version: await version(),
  });
  onStop(() => api.close());
  for (const { url } of await api.listen(configuration.api.listen))
    logger.info({ url }, `API server listening on ${url}`);
}

/** What the API may be reached as. */
function certificateNames({ api }: Configuration): string[] {
  const hosts = api.listen.flatMap((address) => ('host' in address ? [address.host] : []));
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...hosts])];
}
