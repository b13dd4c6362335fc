/** The stream that a server's console is to the command line; the server's end is played by hand. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConsoleFrame, consoleTypingWindow, createConsoleFrameReader, encodeConsoleFrame } from '../api/index.ts';
import type { SerialConsole } from '../bmc/index.ts';
import { createRemoteConsole } from './remote-console.ts';

let server: Server;
let far: Socket;
let console: SerialConsole;
let frames: ConsoleFrame[];

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const accepted = once(server, 'connection');
  const near = connect(address !== null && typeof address === 'object' ? address.port : 0, '127.0.0.1');
  const [socket]: Socket[] = await accepted;
  if (socket === undefined) throw new Error('nobody called');
  far = socket;
  far.on('error', () => undefined);
  frames = [];
  const read = createConsoleFrameReader();
  far.on('data', (chunk: Buffer) => void frames.push(...read(chunk)));
  console = createRemoteConsole(near, 'https://rack');
  console.on('error', () => undefined);
});
afterEach(() => {
  console.destroy();
  far.destroy();
  server.close();
});

function tell(...told: ConsoleFrame[]): void {
  far.write(Buffer.concat(told.map(encodeConsoleFrame)));
}

async function until(wanted: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(wanted()).toBe(true), { timeout: 5_000, interval: 5 });
}

const typed = (): number => frames.reduce((sum, frame) => sum + (frame.type === 'data' ? frame.bytes.length : 0), 0);

describe('a console through a server', () => {
  it('types no more than the window until it is taken, and a break in its place', async () => {
    console.write(Buffer.alloc(consoleTypingWindow + 5_000, 'x'));
    const broken = console.sendBreak();
    await until(() => typed() === consoleTypingWindow);
    expect(frames.some(({ type }) => type === 'break')).toBe(false);
    tell({ type: 'taken', count: 1_000 });
    await until(() => typed() === consoleTypingWindow + 1_000);
    tell({ type: 'taken', count: consoleTypingWindow });
    await until(() => frames.at(-1)?.type === 'break');
    expect(typed()).toBe(consoleTypingWindow + 5_000);
    tell({ type: 'break' });
    await broken;
  });

  it('prints, notices, ends when all has arrived, and closes when the BMC has let it go', async () => {
    const noticed = once(console, 'notice');
    const printed = once(console, 'data');
    tell({ type: 'notice', notice: 'overrun' }, { type: 'data', bytes: Buffer.from('login:') });
    expect([(await noticed)[0], String((await printed)[0])]).toEqual(['overrun', 'login:']);
    let finished = false;
    console.end('root\r', () => {
      finished = true;
    });
    await until(() => frames.at(-1)?.type === 'end');
    expect(finished).toBe(false);
    tell({ type: 'taken', count: 5 }, { type: 'end' });
    await until(() => finished);
    console.destroy();
    await until(() => frames.at(-1)?.type === 'close');
    expect(console.closed).toBe(false);
    tell({ type: 'close' });
    far.end();
    await until(() => console.closed);
    expect(console.errored).toBeNull();
  });

  it('fails with what the server says', async () => {
    const told = { type: 't', title: 't', status: 409, detail: 'Taken.', remedy: 'Wait.', instance: 'i' };
    tell({ type: 'error', problem: { ...told, code: 'conflict' } });
    await until(() => console.closed);
    expect(console.errored).toMatchObject({ code: 'conflict', message: 'Taken.', remedy: 'Wait.' });
  });

  it('fails when the connection breaks, and waiting breaks with it', async () => {
    const broken = console.sendBreak();
    await until(() => frames.length === 1);
    far.destroy();
    await expect(broken).rejects.toMatchObject({ code: 'unreachable' });
    expect(console.errored).toMatchObject({ code: 'unreachable', message: 'The connection to https://rack broke.' });
  });

  it.each([
    ['a type that is not known', Buffer.from([9, 0, 0])],
    ['more taken than was typed', encodeConsoleFrame({ type: 'taken', count: 1 })],
  ])('fails at %s', async (_, bytes) => {
    far.write(bytes);
    await until(() => frames.at(-1)?.type === 'close');
    far.end();
    await until(() => console.closed);
    expect(console.errored).toMatchObject({ code: 'internal' });
  });
});
