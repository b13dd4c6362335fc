/** An Ethernet segment for peer tests: a bridge with the server's address, and namespaces with clients attached to it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

export const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

export interface Station {
  namespace: string;
  mac: string;
  /** Start a program in the station's namespace. */
  start(command: string, ...args: string[]): Program;
  /** Bytes and packets that the station's interface has received and sent. */
  counters(): { received: number; sent: number };
}

export interface Program {
  /** Wait for a line of its output (either stream) that matches (the `nth` such), also one printed already. */
  says(pattern: RegExp, nth?: number): Promise<string>;
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  stop(): Promise<void>;
}

export interface Segment {
  bridge: string;
  attach(namespace: string, mac: string): Station;
  remove(): Promise<void>;
}

/** How long any program here may take to say what is waited for. */
const patience = 30_000;

/** Make the segment (root inside an enclosure of its own). Without IPv6 nothing but what is sent on purpose travels on it. */
export function makeSegment(bridge: string, address: string, { ipv6 = false } = {}): Segment {
  run('ip', 'link', 'add', bridge, 'address', '02:00:00:00:00:01', 'type', 'bridge');
  // Without duplicate address detection the link-local address is usable at once.
  writeFileSync(`/proc/sys/net/ipv6/conf/${bridge}/${ipv6 ? 'accept_dad' : 'disable_ipv6'}`, ipv6 ? '0' : '1');
  run('ip', 'address', 'add', `${address}/24`, 'dev', bridge);
  run('ip', 'link', 'set', bridge, 'up');
  const namespaces: string[] = [];
  const programs: Program[] = [];
  return {
    bridge,
    attach: (namespace, mac) => {
      run('ip', 'netns', 'add', namespace);
      namespaces.push(namespace);
      const port = `v-${namespace}`;
      run('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', namespace);
      const quiet = (interfaceName: string): string => `echo 1 > /proc/sys/net/ipv6/conf/${interfaceName}/disable_ipv6`;
      run('sh', '-c', quiet(port));
      run('ip', 'netns', 'exec', namespace, 'sh', '-c', quiet('eth0'));
      run('ip', 'link', 'set', port, 'master', bridge, 'up');
      run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
      return {
        namespace,
        mac,
        start: (command, ...args) => {
          const program = startProgram('ip', ['netns', 'exec', namespace, command, ...args]);
          programs.push(program);
          return program;
        },
        counters: () => {
          const [received = 0, sent = 0] = ['rx_bytes', 'tx_bytes'].map((name) =>
            Number(run('ip', 'netns', 'exec', namespace, 'cat', `/sys/class/net/eth0/statistics/${name}`)),
          );
          return { received, sent };
        },
      };
    },
    remove: async () => {
      await Promise.all(programs.map((program) => program.stop()));
      for (const namespace of namespaces) run('ip', 'netns', 'delete', namespace);
      run('ip', 'link', 'delete', bridge);
    },
  };
}

/** Start a program and collect what it prints. */
export function startProgram(command: string, args: string[]): Program {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let closed = false;
  const listeners = new Set<() => void>();
  const more = (chunk: Buffer): void => {
    text += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', more);
  child.stderr?.on('data', more);
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    closed = true;
    for (const listener of listeners) listener();
    return typeof code === 'number' ? code : null;
  });
  return {
    output: () => text,
    ended,
    says: (pattern, nth = 1) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = text.split('\n').filter((line) => pattern.test(line))[nth - 1];
          if (found === undefined && !closed) return;
          done();
          if (found === undefined) reject(new Error(`${command} ${args.join(' ')} ended without ${pattern}:\n${text}`));
          else resolve(found);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`${command} ${args.join(' ')} did not say ${pattern} in time:\n${text}`));
        }, patience);
        const done = (): void => {
          clearTimeout(timer);
          listeners.delete(check);
        };
        listeners.add(check);
        check();
      }),
    signal: (name) => void child.kill(name),
    stop: async () => {
      if (!closed) child.kill('SIGKILL');
      await ended;
    },
  };
}
