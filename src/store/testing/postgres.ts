import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';

/** A real PostgreSQL server of the test's own. */
export interface PostgresServer {
  /** Makes an empty database and gives its URL (over the server's Unix socket). */
  createDatabase(): Promise<string>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

const DEBIAN_DIRECTORY = '/usr/lib/postgresql';
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

/**
 * Starts PostgreSQL from Debian's package in a temporary directory, reachable by a Unix socket only. It refuses to run
 * as root, so root starts it as the package's user `postgres`. Throws when the package is missing: no test is skipped.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const binaries = findBinaries();
  const identity = serverIdentity();
  // Not below a directory that only its owner may enter: the server is another user.
  const directory = await mkdtemp(join(tmpdir(), 'athanor-postgres-'));
  if (identity !== undefined) await chown(directory, identity.uid, identity.gid);
  await chmod(directory, 0o755);
  const data = join(directory, 'data');
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { ...identity, cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const settings = ['listen_addresses=', `unix_socket_directories=${directory}`, 'fsync=off', 'log_line_prefix='];
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    ...identity,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await untilReady(server);

  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      const client = new pg.Client({ host: directory, user: 'postgres', database: 'postgres' });
      await client.connect();
      try {
        await client.query(`create database ${name}`);
      } finally {
        await client.end();
      }
      return `postgres://postgres@localhost/${name}?host=${encodeURIComponent(directory)}`;
    },
    async stop() {
      // SIGINT is PostgreSQL's fast shutdown: it ends sessions and does not wait for them.
      await ended(server, 'SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function findBinaries(): string {
  const versions = existsSync(DEBIAN_DIRECTORY) ? readdirSync(DEBIAN_DIRECTORY) : [];
  const newest = versions
    .filter((version) => existsSync(join(DEBIAN_DIRECTORY, version, 'bin', 'postgres')))
    .toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) {
    throw new Error(`no PostgreSQL server in ${DEBIAN_DIRECTORY}; run: apt-get install postgresql-15`);
  }
  return join(DEBIAN_DIRECTORY, newest, 'bin');
}

/** The user to run the server as, or undefined to run it as ourselves. */
function serverIdentity(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilReady(server: ChildProcess): Promise<void> {
  if (server.stderr === null) throw new Error('PostgreSQL was started without a log');
  const log: string[] = [];
  const deadline = setTimeout(() => server.kill('SIGKILL'), START_DEADLINE_MS);
  // Read on for as long as the server runs, or its log fills the pipe and stops it.
  const lines = createInterface({ input: server.stderr });
  const ready = Promise.withResolvers<void>();
  lines.on('line', (line) => {
    log.push(line);
    if (line.includes('ready to accept connections')) ready.resolve();
    if (log.length > 100) log.shift();
  });
  lines.on('close', () => ready.reject(new Error(`PostgreSQL did not start:\n${log.join('\n')}`)));
  try {
    await ready.promise;
  } finally {
    clearTimeout(deadline);
  }
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill(signal);
  const deadline = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exit;
  clearTimeout(deadline);
}
