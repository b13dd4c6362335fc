/**
 * Athanor as its operator meets it: the command in the control namespace, its exit code, what it prints, and the log of
 * the server. With it the witnesses on the wire: a DHCP client in a namespace of its own, and packet counters of nftables.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { run, runToEnd } from '../command.ts';
import type { Rack } from '../index.ts';

export const athanorProgram = path.resolve(import.meta.dirname, '../../bin/athanor');

export interface Server {
  readonly logFile: string;
  /** Resolves once the server said that it is ready; rejects with what it said when it ends before. */
  ready: Promise<void>;
  /** Exit code, or the signal's name. */
  ended: Promise<string>;
  /** Everything it printed so far. */
  said(): string;
  /** The first log line that fits, already written or yet to come. */
  waitForLine(pattern: RegExp, timeoutMs: number): Promise<string>;
  /** SIGTERM, and its exit code. */
  stop(): Promise<string>;
}

/** Every server begun, so that a failing test leaves none behind. */
const begun = new Set<ChildProcess>();

/** `athanor serve` in the control namespace. */
export function startServer(rack: Rack, options: { configurationFile: string; logFile: string }): Server {
  const { file, args } = rack.inControl([athanorProgram, 'serve', '--config', options.configurationFile]);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  begun.add(child);
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  writeFileSync(options.logFile, '', { flag: 'a', mode: 0o600 });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      appendFileSync(options.logFile, `${line}\n`);
      for (const look of listeners) look();
    });
  const ended = once(child, 'close').then(([code, signal]) => {
    begun.delete(child);
    for (const look of listeners) look();
    return String(signal ?? code);
  });
  const said = (): string => lines.join('\n');

  async function waitForLine(pattern: RegExp, timeoutMs: number): Promise<string> {
    const found = Promise.withResolvers<string>();
    const look = (): void => {
      const line = lines.find((candidate) => pattern.test(candidate));
      if (line !== undefined) found.resolve(line);
      else if (!begun.has(child)) found.reject(new Error(`serve ended before it said ${String(pattern)}:\n${said()}`));
    };
    const timer = setTimeout(
      () => found.reject(new Error(`serve did not say ${String(pattern)} within ${timeoutMs} ms:\n${said()}`)),
      timeoutMs,
    );
    listeners.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      listeners.delete(look);
    }
  }

  const ready = waitForLine(/"msg":"athanor is ready"/, 30_000).then(() => undefined);
  ready.catch(() => undefined); // a test that expects a refusal does not ask for it
  return {
    logFile: options.logFile,
    ready,
    ended,
    said,
    waitForLine,
    stop: async () => {
      child.kill('SIGTERM');
      return await ended;
    },
  };
}

/** For afterEach: no server outlives its test. */
export async function killServers(): Promise<void> {
  for (const child of begun) {
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }
}

export interface Client {
  readonly namespace: string;
  readonly mac: string;
  readonly interface: string;
  /** Asks for an address as a network boot ROM does; the variables that udhcpc gives its script, or undefined. */
  netboot(): Promise<Record<string, string> | undefined>;
  remove(): Promise<void>;
}

/** Option 93: BIOS. Option 60 as firmware writes it. */
const netbootOptions = ['-V', 'PXEClient:Arch:00000:UNDI:002001', '-x', '0x5d:0000'];

/** A machine of its own on the provisioning switch. */
export async function addClient(name: string, mac: string, directory: string): Promise<Client> {
  const port = `${name}-br`;
  await run('ip', ['netns', 'add', name]);
  await run('ip', ['-n', 'rack', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
  await run('ip', ['-n', 'rack', 'link', 'set', port, 'master', 'br0', 'up']);
  await run('ip', ['-n', name, 'link', 'set', 'eth0', 'address', mac, 'up']);
  await run('ip', ['netns', 'exec', name, 'ethtool', '-K', 'eth0', 'tx', 'off']);
  return {
    namespace: name,
    mac,
    interface: 'eth0',
    netboot: () => askForAddress(name, 'eth0', path.join(directory, `${name}.lease`), netbootOptions),
    remove: async () => {
      await run('ip', ['netns', 'del', name]);
    },
  };
}

/** udhcpc, three DISCOVERs a second apart; the address it is given is put on the interface. */
export async function askForAddress(
  namespace: string,
  device: string,
  leaseFile: string,
  options: string[] = [],
): Promise<Record<string, string> | undefined> {
  const script = `${leaseFile}.script`;
  await rm(leaseFile, { force: true });
  await writeFile(
    script,
    `#!/bin/sh\n[ "$1" = bound ] || exit 0\nip addr replace "$ip/$mask" dev "$interface"\nenv > ${leaseFile}\n`,
  );
  await chmod(script, 0o755);
  await runToEnd({
    file: 'ip',
    args: ['netns', 'exec', namespace, 'udhcpc']
      .concat(['-i', device, '-f', '-n', '-q', '-t', '3', '-T', '1', '-s', script])
      .concat(options),
  });
  const text = await readFile(leaseFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

export interface PacketCounter {
  packets(): Promise<number>;
}

let tables = 0;

/** Counts what arrives at an interface and fits, for example `udp sport 67`. */
export async function countArriving(
  namespace: string,
  device: string,
  rule: string,
  before: string[] = [],
): Promise<PacketCounter> {
  const hook = `type filter hook ingress device ${device} priority 0;`;
  return await countWith(namespace, 'netdev', hook, [...before, `${rule} counter`]);
}

/** Counts what the namespace's own processes send and fits. */
export async function countSent(namespace: string, rule: string): Promise<PacketCounter> {
  return await countWith(namespace, 'inet', 'type filter hook output priority 0;', [`${rule} counter`]);
}

async function countWith(namespace: string, family: string, hook: string, rules: string[]): Promise<PacketCounter> {
  tables += 1;
  const table = `${family} witness${tables}`;
  const nft = (args: string[], input?: string): Promise<string> =>
    run('ip', ['netns', 'exec', namespace, 'nft', ...args], input);
  await nft(['-f', '-'], `table ${table} {\nchain counted {\n${hook}\n${rules.join('\n')}\n}\n}\n`);
  return {
    packets: async () => {
      const listed = await nft(['list', 'table', ...table.split(' ')]);
      const found = /counter packets (\d+)/.exec(listed)?.[1];
      if (found === undefined) throw new Error(`nft shows no counter:\n${listed}`);
      return Number(found);
    },
  };
}
