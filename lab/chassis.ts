/** What stands behind ipmi_sim's chassis program: carries out its calls on the QEMU server and writes each one down. */
import { appendFile, readFile } from 'node:fs/promises';
import { type Socket, createServer } from 'node:net';
import { z } from 'zod';
import { closeServer, listen } from './listen.ts';
import type { ChassisCall } from './machine.ts';
import type { BootOverride } from './qemu-command.ts';
import type { QemuServer } from './qemu-server.ts';

export interface Chassis {
  log: () => Promise<ChassisCall[]>;
  close: () => Promise<void>;
}

const logLine = z.object({
  time: z.number(),
  operation: z.enum(['set', 'get']),
  what: z.string(),
  value: z.string(),
});

/** ipmi_sim's names of the IPMI boot devices → what the firmware is asked for. Others leave the default order. */
const overrides: Record<string, BootOverride> = { pxe: 'network', default: 'disk' };

export async function startChassis(options: {
  socket: string;
  logFile: string;
  server: QemuServer;
  report(problem: unknown): void;
}): Promise<Chassis> {
  const { server } = options;
  /** The boot device that the BMC holds for the next power-on or reset. */
  let bootDevice = 'none';
  let last: Promise<unknown> = Promise.resolve();
  const open = new Set<Socket>();

  const takeOverride = (): BootOverride | undefined => {
    const override = overrides[bootDevice];
    bootDevice = 'none';
    return override;
  };
  const actions: Record<string, (value: string) => Promise<void>> = {
    power: (value) => (value === '1' ? powerOn() : server.powerOff()),
    reset: async () => {
      if (server.isPoweredOn()) await server.reset(takeOverride());
    },
    shutdown: async () => {
      if (server.isPoweredOn()) await server.pressPowerButton();
    },
    boot: async (value) => {
      bootDevice = value;
    },
  };
  const powerOn = async (): Promise<void> => {
    if (!server.isPoweredOn()) await server.powerOn(takeOverride());
  };
  const answers: Record<string, () => string> = {
    power: () => (server.isPoweredOn() ? '1' : '0'),
    boot: () => bootDevice,
  };
  const write = (operation: 'set' | 'get', what: string, value: string): Promise<void> => {
    const call: ChassisCall = { time: Date.now(), operation, what, value };
    return appendFile(options.logFile, `${JSON.stringify(call)}\n`, { mode: 0o600 });
  };

  /** One call: `get WORD…`, `set WORD VALUE …` or `check WORD…` (which words are known); the answer's first line is the exit code. */
  const call = async (line: string): Promise<string> => {
    const [operation, ...words] = line.trim().split(/\s+/);
    const lines: string[] = [];
    if (operation === 'get') {
      for (const what of words) {
        const value = answers[what]?.() ?? '0';
        await write('get', what, value);
        lines.push(`${what}:${value}`);
      }
    } else if (operation === 'set') {
      for (let position = 0; position + 1 < words.length; position += 2) {
        const what = words[position] ?? '';
        const value = words[position + 1] ?? '';
        await write('set', what, value);
        const action = actions[what];
        if (action === undefined) return '1\n';
        await action(value);
      }
    } else if (operation !== 'check') return '1\n';
    return ['0', ...lines, ''].join('\n');
  };

  const listener = createServer((socket) => {
    open.add(socket);
    let line = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    socket.on('data', (text: string) => {
      line += text;
      if (!line.endsWith('\n')) return;
      const request = line;
      line = '';
      // One after the other, in the order they came.
      const answer = last.then(() => call(request));
      last = answer.then(
        (reply) => socket.end(reply),
        (problem: unknown) => {
          options.report(problem);
          socket.end('1\n');
        },
      );
    });
  });
  await listen(listener, { path: options.socket });
  await appendFile(options.logFile, '', { mode: 0o600 });

  return {
    log: async () => {
      const text = await readFile(options.logFile, 'utf8');
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => logLine.parse(JSON.parse(line)));
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await closeServer(listener);
    },
  };
}
