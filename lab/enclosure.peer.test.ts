/** Nothing outlives the enclosure. These tests look at one from outside it: they run in an enclosure around it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { assertInsideEnclosure, scratchDirectory, startRack } from './index.ts';

const enter = fileURLToPath(new URL('enter', import.meta.url));
const runScript = fileURLToPath(new URL('run.ts', import.meta.url));
assertInsideEnclosure();

interface Seen {
  pid: number;
  name: string;
  network: string;
}

/** All processes of this enclosure and of those within it. */
function processes(): Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
        return [{ pid: Number(pid), name, network: readlinkSync(`/proc/${pid}/ns/net`) }];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

/** Starts a rack with its servers on in an enclosure of its own; returns what this added to the process table. */
async function startEnclosedRack(): Promise<{ enclosure: ChildProcess; added: Seen[] }> {
  const before = new Set(processes().map((process) => process.pid));
  const enclosure = spawn(enter, [process.execPath, runScript, '--machines', 'bios,bios', '--on', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  await once(enclosure.stdout, 'data');
  // The servers get their power after the summary was printed.
  await until(() => processes().filter((seen) => seen.name.startsWith('qemu') && !before.has(seen.pid)).length === 2);
  return { enclosure, added: processes().filter((seen) => !before.has(seen.pid)) };
}

/** Ends of processes that are not our children cannot be awaited: look again, with a deadline. */
async function until(holds: () => boolean): Promise<void> {
  for (let look = 0; look < 500; look += 1) {
    if (holds()) return;
    await delay(40);
  }
  throw new Error(`did not come true; processes now: ${JSON.stringify(processes())}`);
}

const scratchBefore = readdirSync('/dev/shm');

function expectNothingOf(added: Seen[]): void {
  const left = processes();
  const networks = new Set(left.map((seen) => seen.network));
  expect(left.filter((seen) => added.some(({ pid }) => pid === seen.pid))).toEqual([]);
  expect(left.filter((seen) => /^(qemu|ipmi_sim)/.test(seen.name))).toEqual([]);
  for (const { network } of added) expect(networks).not.toContain(network);
  expect(readdirSync('/run/netns')).toEqual([]);
  expect(readdirSync('/dev/shm')).toEqual(scratchBefore);
}

test('kill -9 of lab/enter leaves no process, no namespace, no file', async () => {
  const { enclosure, added } = await startEnclosedRack();
  expect(added.filter((seen) => seen.name === 'ipmi_sim')).toHaveLength(2);
  const own = readlinkSync('/proc/self/ns/net');
  const networks = new Set(added.map((seen) => seen.network).filter((network) => network !== own));
  expect(networks.size).toBeGreaterThanOrEqual(2);
  const ended = once(enclosure, 'exit');
  enclosure.kill('SIGKILL');
  await ended;
  await until(() => !processes().some((seen) => added.some(({ pid }) => pid === seen.pid)));
  expectNothingOf(added.filter((seen) => seen.network !== own));
});

test('Ctrl-C ends a rack with exit code 0 and leaves nothing', async () => {
  const { enclosure, added } = await startEnclosedRack();
  const own = readlinkSync('/proc/self/ns/net');
  const ended = once(enclosure, 'exit');
  // As a terminal does it: to the whole process group.
  process.kill(-(enclosure.pid ?? Number.NaN), 'SIGINT');
  expect(await ended).toEqual([0, null]);
  expectNothingOf(added.filter((seen) => seen.network !== own));
});

test('a rack that cannot be built, or is called off, takes down what it had built', async () => {
  const machines = [{ name: 'good', firmware: 'bios' as const }];
  const broken = [...machines, { name: 'bad', firmware: 'bios' as const, bmcPassword: 'with"quote' }];
  await expect(startRack({ directory: scratchDirectory(), machines: broken })).rejects.toThrow(/BMC password of bad/);
  expect(readdirSync('/run/netns')).toEqual([]);

  const abort = new AbortController();
  const rack = await startRack({ directory: scratchDirectory(), machines, signal: abort.signal });
  const waiting = rack.machine('good').waitForSerial(/never/, { timeoutMs: 60_000 });
  abort.abort();
  await expect(waiting).rejects.toThrow(/taken apart/);
  await rack.close();
  expect(readdirSync('/run/netns')).toEqual([]);
  expect(processes().filter((seen) => /^(qemu|ipmi_sim)/.test(seen.name))).toEqual([]);
});

test('a BIOS server without a network ROM is refused in words', async () => {
  const machines = [{ name: 'm', firmware: 'bios' as const, nicRom: false }];
  await expect(startRack({ directory: scratchDirectory(), machines })).rejects.toThrow(/only with the ROM of its card/);
});

test('the enclosure hands on exit codes, input and signals, and says what it cannot run', async () => {
  const status = async (...command: string[]): Promise<unknown> => {
    const child = spawn(enter, command, { stdio: ['ignore', 'ignore', 'ignore'] });
    const [code] = await once(child, 'exit');
    return code;
  };
  expect(await status('sh', '-c', 'exit 5')).toBe(5);
  expect(await status('sh', '-c', 'kill -9 $$')).toBe(137);
  expect(await status(path.join('/nonexistent', 'command'))).toBe(127);
  const cat = spawn(enter, ['cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  cat.stdin.end('through');
  const [said]: Buffer[] = await once(cat.stdout, 'data');
  expect(said?.toString()).toBe('through');
});
