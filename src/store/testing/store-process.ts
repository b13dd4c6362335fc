/**
 * A process of its own that uses a store, for tests that kill it. Run as a program with the options as JSON and a task:
 * `hold` opens the store; `commit` commits an event and a setting; `half` stays inside a transaction after its write.
 * It prints one line when it is there, and then waits to be killed.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openStore } from '../index.ts';
import type { StoreOptions } from '../index.ts';

export type Task = 'hold' | 'commit' | 'half';

export interface StoreProcess {
  pid: number;
  /** kill -9, settled once it is gone. */
  kill(): Promise<void>;
}

/** Starts the process and waits until its task has come to where it waits. */
export async function startStoreProcess(options: StoreOptions, task: Task): Promise<StoreProcess> {
  const settings = JSON.stringify({ database: options.database, keyFile: options.keyFile });
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), settings, task], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const { pid } = child;
  if (pid === undefined) throw new Error('the store process did not start');
  const complaint: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text));
  const first = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exit]);
  if (first[0] !== 'ready') throw new Error(`the store process ended before it was ready: ${complaint.join('')}`);
  return {
    pid,
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function main(settings: string, task: string): Promise<void> {
  const store = await openStore({ ...(JSON.parse(settings) as StoreOptions), clock: Date, random: randomBytes });
  const ready = (): boolean => process.stdout.write('ready\n');
  // The test's end of this pipe closes with the test.
  process.stdin.resume().on('end', () => process.exit(1));
  if (task === 'hold') ready();
  else {
    await store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ key: 'task', value: '"written"' }).execute();
      await store.events.appendEvent(trx, { kind: 'task.done', subject: { kind: 'test', id: task } });
      if (task === 'half') {
        ready();
        await new Promise(() => {});
      }
    });
    ready();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? '', process.argv[3] ?? '');
