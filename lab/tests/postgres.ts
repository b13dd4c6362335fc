/** A real PostgreSQL server that Athanor in the control namespace reaches at 127.0.0.1:5432 there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startPostgres } from '../../src/store/testing/postgres.ts';
import type { Rack } from '../index.ts';

const PORT = '5432';

export interface LabPostgres {
  /** URL of a new empty database, as seen from the control namespace. */
  url: string;
  stop(): Promise<void>;
}

export async function startPostgresFor(rack: Rack): Promise<LabPostgres> {
  const server = await startPostgres();
  const local = new URL(await server.createDatabase());
  const socket = path.join(local.searchParams.get('host') ?? '', '.s.PGSQL.5432');
  const bridge = path.join(import.meta.dirname, 'unix-to-tcp.ts');
  const { file, args } = rack.inControl([process.execPath, bridge, socket, '127.0.0.1', PORT]);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  if (line !== 'ready') throw new Error(`the bridge to PostgreSQL said ${String(line)}`);
  return {
    url: `postgres://postgres@127.0.0.1:${PORT}${local.pathname}`,
    stop: async () => {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
      await server.stop();
    },
  };
}
