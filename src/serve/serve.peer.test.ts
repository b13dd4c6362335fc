/** The whole process as people start it: it comes up with two credentials at once, tells no secret, and stops in order. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';

let directory: string;
let running: ChildProcess[];
const passwords = ['canary-one', 'canary-two'];

beforeEach(async () => {
  running = [];
  directory = await mkdtemp(join(tmpdir(), 'athanor-process-'));
  await mkdir(join(directory, 'secrets'));
  await writeFile(join(directory, 'secrets/one'), passwords[0] ?? '', { mode: 0o600 });
  await writeFile(join(directory, 'secrets/two'), passwords[1] ?? '', { mode: 0o600 });
});
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(directory, { recursive: true, force: true });
});

async function configured(listen: string): Promise<string> {
  const file = join(directory, 'athanor.yaml');
  // Nothing answers there: the BMCs are being asked whenever the process is told to stop.
  await writeFile(
    file,
    `dataDirectory: data
api: { listen: ["${listen}"] }
credentials:
  - { name: one, protocol: ipmi, username: admin, passwordFile: secrets/one }
  - { name: two, protocol: ipmi, username: admin, passwordFile: secrets/two }
bmcs:
  - { name: bmc-1, address: 127.0.0.1, port: 9, driver: ipmi, credential: one }
  - { name: bmc-2, address: 127.0.0.1, port: 10, driver: ipmi, credential: two }
`,
  );
  return file;
}

interface Started {
  child: ChildProcess;
  log: string[];
  /** Resolves with the first line that holds the text; throws when the process ends before. */
  line(text: string): Promise<string>;
}

function start(file: string): Started {
  const athanor = join(import.meta.dirname, '../../bin/athanor');
  const child = spawn(athanor, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const log: string[] = [];
  const waiting: { text: string; resolve: (line: string) => void }[] = [];
  const hear = (line: string): void => {
    log.push(line);
    for (const { text, resolve } of waiting) if (line.includes(text)) resolve(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear);
  return {
    child,
    log,
    line: async (text) => {
      const seen = log.find((line) => line.includes(text));
      if (seen !== undefined) return seen;
      const ended = once(child, 'close').then(() => {
        throw new Error(`it ended without “${text}”: ${log.join('\n')}`);
      });
      return await Promise.race([new Promise<string>((resolve) => waiting.push({ text, resolve })), ended]);
    },
  };
}

async function everyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map(async (file) => await readFile(file, 'latin1')))).join('\n');
}

it('starts, starts again after kill -9, and stops when it is asked to', async () => {
  const file = await configured('127.0.0.1:0');
  const first = start(file);
  await first.line('athanor is ready');
  await first.line('API server listening');
  first.child.kill('SIGKILL');
  await once(first.child, 'close');

  const second = start(file);
  await second.line('athanor is ready');
  const closed = once(second.child, 'close');
  second.child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(second.log.join()).toContain('athanor stops');

  const data = join(directory, 'data');
  expect((await stat(data)).mode & 0o077).toBe(0);
  const told = [...first.log, ...second.log].join('\n') + (await everyFile(data));
  for (const password of passwords)
    for (const text of [password, Buffer.from(password).toString('base64')]) expect(told).not.toContain(text);
});

it('that cannot listen says why, and leaves nothing locked', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const place = taken.address();
  const port = place !== null && typeof place === 'object' ? place.port : 0;
  const failing = start(await configured(`127.0.0.1:${port}`));
  const [code] = await once(failing.child, 'close');
  expect(code).toBe(71);
  expect(failing.log.join('\n')).toContain(String(port));
  taken.close();
  await once(taken, 'close');
  const again = start(await configured(`127.0.0.1:${port}`));
  await again.line('athanor is ready');
});
