/** `athanor bmc … fans hold` as people run it against `athanor sim bmc`, with ipmitool as witness of the fans' mode. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const athanor = resolve(import.meta.dirname, '../../../bin/athanor');
const address = '127.6.0.1';
const port = '6230';
const password = 'correct-horse';
const [optimal, full] = ['02', '01'];

let directory: string;
let simulator: ChildProcess;

function start(words: readonly string[]): ChildProcess {
  const env = { PATH: process.env['PATH'], XDG_STATE_HOME: directory, XDG_CACHE_HOME: directory };
  return spawn(athanor, words, { stdio: ['ignore', 'pipe', 'inherit'], env });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-fans-'));
  await writeFile(join(directory, 'pw'), password, { mode: 0o600 });
  const where = ['--addresses', address, '--port', port, '--password-file', join(directory, 'pw')];
  simulator = start(['sim', 'bmc', ...where]);
  await new Promise<void>((ready, failed) => {
    simulator.stdout?.on('data', (text) => String(text).includes('ready') && ready());
    simulator.once('exit', (code) => failed(new Error(`athanor sim bmc ended with ${code}`)));
  });
  await raw('power', 'on');
});
afterAll(async () => {
  const ended = new Promise((resolved) => simulator.once('exit', resolved));
  simulator.kill('SIGTERM');
  await ended;
  await rm(directory, { recursive: true });
});

async function raw(...words: string[]): Promise<string> {
  const where = ['-I', 'lanplus', '-C', '17', '-H', address, '-p', port, '-U', 'admin', '-P', password];
  const { stdout } = await promisify(execFile)('ipmitool', [...where, ...words]);
  return stdout.trim();
}

const mode = () => raw('raw', '0x30', '0x45', '0x00');
const duty = () => raw('raw', '0x30', '0x70', '0x66', '0x00', '0x00');

function hold(percent: string): { child: ChildProcess; ended: Promise<[code: number | null, text: string]> } {
  const login = ['--host', `${address}:${port}`, '--user', 'admin', '--password-file', join(directory, 'pw')];
  const child = start(['bmc', ...login, '--quirk', 'supermicrofans', 'fans', 'hold', percent, '-o', 'json']);
  let text = '';
  child.stdout?.on('data', (data) => void (text += String(data)));
  return { child, ended: new Promise((end) => child.once('close', (code) => end([code, text]))) };
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s gives the fans back to the BMC before it ends',
  async (signal) => {
    expect(await mode()).toBe(optimal);
    const { child, ended } = hold('60');
    await expect.poll(duty, { timeout: 15_000 }).toBe('3c');
    expect(await mode()).toBe(full);
    child.kill(signal);
    const [code, text] = await ended;
    // The very first look after its end: nothing is restored later.
    expect([await mode(), await duty()]).toEqual([optimal, '23']);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ outcome: 'done', value: { mode: 'optimal' } });
  },
);

it('killed, it leaves the duty as it is, as its summary says, and `fans set-mode automatic` ends that', async () => {
  const { child, ended } = hold('60');
  await expect.poll(duty, { timeout: 15_000 }).toBe('3c');
  child.kill('SIGKILL');
  await ended;
  expect(await mode()).toBe(full);
  const login = ['--host', `${address}:${port}`, '--user', 'admin', '--password-file', join(directory, 'pw')];
  const set = start(['bmc', ...login, '--quirk', 'supermicrofans', 'fans', 'set-mode', 'automatic']);
  await new Promise((end) => set.once('close', end));
  expect(await mode()).toBe(optimal);
});
