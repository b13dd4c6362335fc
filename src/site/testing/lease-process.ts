/**
 * A process of its own that puts leases, for a test that kills it. It prints the address of each lease whose promise has
 * resolved, and goes on until it is killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openLeaseStore } from '../index.ts';

/** Kills the process (SIGKILL) once it has promised so many leases; gives the addresses of all it promised. */
export async function killWhilePutting(file: string, promises: number): Promise<string[]> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const promised: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    promised.push(line);
    if (promised.length === promises) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.signalCode !== 'SIGKILL') throw new Error(`the process ended by itself: ${child.exitCode}`);
  return promised;
}

async function main(file: string): Promise<void> {
  // The test's end of this pipe closes with the test.
  process.stdin.resume().on('end', () => process.exit(1));
  const store = openLeaseStore(file, () => Date.now());
  for (let round = 0; round < 10_000; round += 1) {
    const puts = [1, 2, 3].map(async (host) => {
      const address = `10.${round >> 8}.${round & 255}.${host}`;
      const mac = `52:54:00:${[round >> 8, round & 255, host].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
      if (host === 1) store.noteRequest(mac, true);
      await store.put({ network: 'lab', mac, address, expiresAt: 2_000_000_000_000, state: 'bound' });
      process.stdout.write(`${mac} ${address}\n`);
    });
    await Promise.all(puts);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2] ?? '');
