/** The console's route over a real listener, with a console of plain streams behind it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SerialConsole } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import { createControlPlaneFixture, type FixtureControlPlane } from './control-plane.fixture.ts';
import {
  type Api,
  type Certificate,
  type ConsoleFrame,
  consoleProtocol,
  consoleTypingWindow,
  createApi,
  createConsoleFrameReader,
  createTokens,
  digestOfToken,
  encodeConsoleFrame,
  ensureCertificate,
  longestConsolePayload,
} from './index.ts';

const token = 'athanor_a-token-of-this-test';
let directory: string;
let certificate: Certificate;
let plane: FixtureControlPlane;
let api: Api;
let port: number;
let log: string[];
const clients: TLSSocket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-console-route-'));
  certificate = await ensureCertificate({ directory, clock: { now: () => new Date() }, names: [] });
  plane = createControlPlaneFixture();
  log = [];
  api = await createApi({
    controlPlane: plane,
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate,
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    version: '0.1.0',
  });
  const [listener] = await api.listen([{ host: '127.0.0.1', port: 0 }]);
  port = Number(new URL(listener?.url ?? '').port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await api.close();
  await rm(directory, { recursive: true });
});

/** What stands in for a BMC's console: `typed` is what it was given, `print` what the machine prints. */
class FakeConsole extends Duplex implements SerialConsole {
  readonly typed: Buffer[] = [];
  breaks = 0;
  produced = 0;
  /** False: the machine takes nothing any more. */
  taking = true;
  endless = false;

  override _read(): void {
    if (!this.endless) return;
    this.produced += 8192;
    setImmediate(() => this.push(Buffer.alloc(8192, 'x')));
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    if (!this.taking) return;
    this.typed.push(chunk);
    done();
  }

  sendBreak(): Promise<void> {
    this.breaks += 1;
    return this.taking ? Promise.resolve() : new Promise(() => undefined);
  }
}

function fake(): FakeConsole {
  const console = new FakeConsole();
  plane.openConsole = () => Promise.resolve(console);
  return console;
}

const path = '/api/v1/bmcs/r1-bmc/console';
const upgrade = `Connection: Upgrade\r\nUpgrade: ${consoleProtocol}\r\n`;
const bearer = `Authorization: Bearer ${token}\r\n`;

function head(headers: string, target = path): string {
  return `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

async function connected(): Promise<TLSSocket> {
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  client.on('error', () => undefined);
  clients.push(client);
  await once(client, 'secureConnect');
  return client;
}

/** All that the server answers until it hangs up. */
async function answerTo(text: string): Promise<string> {
  const client = await connected();
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(client, 'close');
  client.write(text);
  await closed;
  return Buffer.concat(chunks).toString();
}

interface OpenConsole {
  client: TLSSocket;
  frames: ConsoleFrame[];
  send(...frames: ConsoleFrame[]): void;
  until(wanted: (frames: readonly ConsoleFrame[]) => boolean): Promise<void>;
  closed: Promise<unknown>;
}

async function open(target = path): Promise<OpenConsole> {
  const client = await connected();
  client.write(head(bearer + upgrade, target));
  const [first]: Buffer[] = await once(client, 'data');
  const answer = first?.toString('latin1') ?? '';
  expect(answer).toMatch(/^HTTP\/1\.1 101 /);
  const read = createConsoleFrameReader();
  const frames = read(first?.subarray(answer.indexOf('\r\n\r\n') + 4) ?? Buffer.alloc(0));
  client.on('data', (chunk: Buffer) => void frames.push(...read(chunk)));
  return {
    client,
    frames,
    send: (...given) => void client.write(Buffer.concat(given.map(encodeConsoleFrame))),
    until: (wanted) => vi.waitFor(() => expect(wanted(frames)).toBe(true), { timeout: 10_000, interval: 5 }),
    closed: once(client, 'close'),
  };
}

const data = (text: string): ConsoleFrame => ({ type: 'data', bytes: Buffer.from(text) });
const errorOf = (frames: readonly ConsoleFrame[]) => frames.find((frame) => frame.type === 'error')?.problem;

describe('before it is open', () => {
  it('asks for the token, and limits guesses, like every other route', async () => {
    fake();
    const none = await answerTo(head(upgrade));
    expect(none).toMatch(/^HTTP\/1\.1 401 [^]*www-authenticate: Bearer[^]*"code":"unauthorised"/i);
    const statuses: string[] = [];
    for (let guess = 0; guess < 11; guess += 1) {
      const wrong = await answerTo(head(`Authorization: Bearer wrong-token-${guess}\r\n${upgrade}`));
      statuses.push(wrong.slice(9, 12));
    }
    expect(statuses).toEqual([...Array<string>(10).fill('401'), '429']);
    expect(plane.calls).toEqual([]);
  });

  it('refuses as a problem what cannot be opened, and hangs up', async () => {
    plane.openConsole = () => Promise.reject(new AthanorError('conflict', 'It is in use by another session.'));
    expect(await answerTo(head(bearer + upgrade))).toMatch(/^HTTP\/1\.1 409 [^]*application\/problem\+json[^]*in use/);
    const wrong = await answerTo(head(bearer + upgrade, `${path}?takeOver=perhaps`));
    expect(wrong).toMatch(/^HTTP\/1\.1 400 [^]*"field":"takeOver"/);
    expect(plane.calls).toEqual([['withConsole', 'r1-bmc', false, 'first']]);
  });

  it('tells a plain request what to send, and serves an upgrade elsewhere as if it were none', async () => {
    const plain = await api.app.inject({ url: path, headers: { authorization: `Bearer ${token}` } });
    expect([plain.statusCode, plain.headers['upgrade'], plain.json().field]).toEqual([400, consoleProtocol, 'upgrade']);
    expect(await answerTo(head(bearer + upgrade, '/api/v1/machines'))).toMatch(/^HTTP\/1\.1 200 /);
    const other = await answerTo(
      head(`${bearer}Connection: Upgrade, close\r\nUpgrade: websocket\r\n`, '/api/v1/machines'),
    );
    expect(other).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('hears that the client hangs up, or speaks too early, and opens nothing', async () => {
    const signals: AbortSignal[] = [];
    plane.openConsole = async (signal) => {
      signals.push(signal);
      if (!signal.aborted) await once(signal, 'abort');
      throw new AthanorError('aborted', 'It was broken off.');
    };
    const gone = await connected();
    gone.write(head(bearer + upgrade));
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    gone.end();
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true));
    const early = await connected();
    const closed = once(early, 'close');
    early.write(head(bearer + upgrade));
    await vi.waitFor(() => expect(signals).toHaveLength(2));
    early.write(encodeConsoleFrame(data('x')));
    await closed;
    expect(signals[1]?.aborted).toBe(true);
    // With the request itself it is not even asked who it is.
    expect(await answerTo(head(bearer + upgrade) + 'x')).toBe('');
    expect(signals).toHaveLength(2);
  });

  it('hangs up on an upgrade behind a request that is not answered yet, and goes on', async () => {
    const slow = Promise.withResolvers<never[]>();
    plane.listLeases = () => slow.promise;
    const answer = answerTo(head(bearer, '/api/v1/leases') + head(bearer + upgrade));
    expect(await answer).toBe('');
    slow.resolve([]);
    expect(await answerTo(head(`${bearer}Connection: close\r\n`, '/api/v1/machines'))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('an open console', () => {
  it('carries characters, breaks and notices both ways, and closes when it is asked to', async () => {
    const console = fake();
    const { send, frames, until, closed } = await open(`${path}?takeOver=true`);
    send(data('ls'), { type: 'break' }, data('\r'));
    await until((all) => all.filter(({ type }) => type === 'taken').length === 2);
    expect([Buffer.concat(console.typed).toString(), console.breaks]).toEqual(['ls\r', 1]);
    expect(frames).toContainEqual({ type: 'taken', count: 2 });
    expect(frames).toContainEqual({ type: 'break' });
    console.emit('notice', 'unavailable');
    const printed = randomBytes(3 * longestConsolePayload);
    console.push(printed);
    send({ type: 'end' });
    await until((all) => all.some(({ type }) => type === 'end'));
    const shown = (): Buffer => Buffer.concat(frames.flatMap((frame) => (frame.type === 'data' ? [frame.bytes] : [])));
    await until(() => shown().length === printed.length);
    expect(shown().equals(printed)).toBe(true);
    expect(frames).toContainEqual({ type: 'notice', notice: 'unavailable' });
    send({ type: 'close' });
    await closed;
    expect([frames.at(-1), console.closed]).toEqual([{ type: 'close' }, true]);
    expect(plane.calls).toEqual([['withConsole', 'r1-bmc', true, 'first']]);
    expect(log.map((line) => JSON.parse(line)).find(({ path: asked }) => asked === path)).toMatchObject({
      status: 101,
    });
  });

  it.each<[string, Buffer, RegExp]>([
    ['a frame that is too long', Buffer.from([1, 0xff, 0xff]), /1 to 16384 bytes, not 65535/],
    ['a frame that is the server’s', encodeConsoleFrame({ type: 'taken', count: 1 }), /sends no taken/],
    [
      'characters after the end',
      Buffer.concat([encodeConsoleFrame({ type: 'end' }), encodeConsoleFrame(data('x'))]),
      /After the end/,
    ],
    ['too many breaks', Buffer.concat(Array<Buffer>(17).fill(encodeConsoleFrame({ type: 'break' }))), /16 breaks/],
  ])('ends with an error at %s', async (_, bytes, detail) => {
    const console = fake();
    console.taking = false;
    const { client, frames, closed } = await open();
    client.write(bytes);
    await closed;
    expect(errorOf(frames)).toMatchObject({ code: 'invalid-input', detail: expect.stringMatching(detail) });
    expect(console.destroyed).toBe(true);
  });

  it('takes a window of characters that the machine does not take, and no more', async () => {
    const console = fake();
    console.taking = false;
    const { client, frames, send, closed } = await open();
    const full: ConsoleFrame = { type: 'data', bytes: Buffer.alloc(longestConsolePayload, 'x') };
    send(...Array<ConsoleFrame>(consoleTypingWindow / longestConsolePayload).fill(full));
    await vi.waitFor(() => expect(console.writableLength).toBe(consoleTypingWindow));
    expect([frames, client.closed]).toEqual([[], false]);
    send(data('x'));
    await closed;
    expect(errorOf(frames)).toMatchObject({ code: 'invalid-input' });
  });

  it('ends when the client vanishes, even when the machine takes nothing', async () => {
    for (const vanish of ['destroy', 'end'] as const) {
      const console = fake();
      console.taking = false;
      const { client, send } = await open();
      send(data('anybody?'));
      await vi.waitFor(() => expect(console.writableLength).toBe(8));
      client[vanish]();
      await vi.waitFor(() => expect(console.closed).toBe(true));
    }
  });

  it('slows the machine down for a client that does not read, and loses nothing', async () => {
    const console = fake();
    const { client, until, frames } = await open();
    client.pause();
    console.endless = true;
    console.read(0);
    console.push(Buffer.from('first'));
    let before = -1;
    await vi.waitFor(
      () => {
        const stands = console.produced === before && console.produced > 0;
        before = console.produced;
        expect(stands).toBe(true);
      },
      { timeout: 15_000, interval: 300 },
    );
    console.endless = false;
    client.resume();
    const shown = (): number =>
      frames.reduce((sum, frame) => sum + (frame.type === 'data' ? frame.bytes.length : 0), 0);
    await until(() => shown() === console.produced + 'first'.length);
  });

  it('ends with what the BMC said, and with the server', async () => {
    const failing = fake();
    const first = await open();
    failing.destroy(new AthanorError('bmc-unreachable', 'BMC b1 is gone.', { remedy: 'Look after it.' }));
    await first.closed;
    expect(errorOf(first.frames)).toMatchObject({ code: 'bmc-unreachable', remedy: 'Look after it.' });

    const stopped = fake();
    const second = await open();
    await api.close();
    await second.closed;
    expect(errorOf(second.frames)).toMatchObject({ code: 'unreachable', detail: 'The server is stopping.' });
    expect(stopped.closed).toBe(true);
  });
});
