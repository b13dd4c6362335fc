/** A client of QEMU's machine protocol (QMP) over a connection that QEMU itself opened to the lab. */
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { z } from 'zod';

const message = z.union([
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.object({ QMP: z.unknown() }),
]);

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (reason: Error) => void;
}

export interface Qmp {
  execute: (command: string, parameters?: Record<string, unknown>) => Promise<unknown>;
  /** Resolves at the next event of this name; rejects when the connection or the signal ends first. */
  event: (name: string, signal: AbortSignal) => Promise<Record<string, unknown>>;
  readonly closed: boolean;
}

/** Takes over a fresh connection: waits for the greeting and negotiates. */
export async function openQmp(socket: Socket): Promise<Qmp> {
  const waiting = new Map<number, Waiting>();
  const events = new EventEmitter();
  events.on('error', () => {
    // The end of the connection; those who wait for an event learn it from `once`.
  });
  let serial = 0;
  let partial = '';
  let closed = false;

  const finish = (): void => {
    if (closed) return;
    closed = true;
    const reason = new Error('QEMU has ended');
    for (const request of waiting.values()) request.reject(reason);
    waiting.clear();
    events.emit('error', reason);
  };
  const receive = (line: string): void => {
    const parsed = message.parse(JSON.parse(line));
    if ('QMP' in parsed) events.emit('greeting', {});
    else if ('event' in parsed) events.emit(`event:${parsed.event}`, parsed.data ?? {});
    else {
      const request = waiting.get(parsed.id);
      waiting.delete(parsed.id);
      if ('error' in parsed) request?.reject(new Error(`QEMU: ${parsed.error.desc}`));
      else request?.resolve(parsed.return);
    }
  };
  const greeting = once(events, 'greeting', { signal: AbortSignal.timeout(30_000) });
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') receive(line);
  });
  socket.on('error', finish);
  socket.on('close', finish);

  const execute = (command: string, parameters?: Record<string, unknown>): Promise<unknown> => {
    if (closed) return Promise.reject(new Error('QEMU has ended'));
    serial += 1;
    const id = serial;
    const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    return answer;
  };
  await greeting;
  await execute('qmp_capabilities');
  return {
    execute,
    event: async (name, signal) => {
      const [data] = await once(events, `event:${name}`, { signal });
      return z.record(z.string(), z.unknown()).parse(data);
    },
    get closed() {
      return closed;
    },
  };
}
