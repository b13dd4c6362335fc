/** A QEMU machine (TCG) for this folder's and lab/image's tests. Its serial console can be waited on, line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface TestMachine {
  /** Everything the serial console said so far. */
  output(): string;
  /** Resolves with the match in whole lines and the seconds since power-on; rejects with the console's end when the machine ends or time is up. */
  says(pattern: RegExp, signal: AbortSignal): Promise<{ match: RegExpExecArray; seconds: number }>;
  /** The machine ends by itself (power-off, or a reboot: it is run with -no-reboot). */
  ends(signal: AbortSignal): Promise<void>;
  kill(): Promise<void>;
}

export function startMachine(args: readonly string[], options: { memoryMb?: number; cpus?: number } = {}): TestMachine {
  const { memoryMb = 512, cpus = 1 } = options;
  const started = performance.now();
  const child: ChildProcess = spawn(
    'qemu-system-x86_64',
    [
      ...`-machine pc,accel=tcg -cpu qemu64 -smp ${cpus} -m ${memoryMb} -nodefaults -no-user-config`.split(' '),
      ...'-display none -vga std -serial stdio -no-reboot'.split(' '),
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  let ended = false;
  const watchers = new Set<() => void>();
  const notice = (): void => {
    for (const watcher of watchers) watcher();
  };
  const take = (chunk: unknown): void => {
    text += String(chunk);
    notice();
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const exit = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true;
      notice();
      resolve();
    });
  });
  child.once('error', (error) => take(error.message));

  const until = <T>(look: () => T | undefined, what: string, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        watchers.delete(watcher);
        act();
      };
      const fail = (why: string): void =>
        finish(() => reject(new Error(`${why} before ${what}; the console's end:\n${text.slice(-3000)}`)));
      const watcher = (): void => {
        const found = look();
        if (found !== undefined) finish(() => resolve(found));
        else if (ended) fail('the machine ended');
      };
      watchers.add(watcher);
      signal.addEventListener('abort', () => fail('time was up'), { once: true });
      watcher();
    });

  return {
    output: () => text,
    says: (pattern, signal) =>
      until(
        () => {
          const match = pattern.exec(text.slice(0, text.lastIndexOf('\n') + 1));
          return match === null ? undefined : { match, seconds: (performance.now() - started) / 1000 };
        },
        String(pattern),
        signal,
      ),
    ends: (signal) => until(() => (ended ? true : undefined), 'it ended', signal).then(() => undefined),
    kill: async () => {
      if (!ended) child.kill('SIGKILL');
      await exit;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
