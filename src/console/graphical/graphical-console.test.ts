import { duplexPair } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import { copyRectangle, desktopSize, rawRectangle, update, withLength } from '../../protocols/testing/rfb-server.ts';
import type { ConnectStream } from './connect-by-net.ts';
import type { ConsoleSettings, ConsoleTimings } from './console.ts';
import { createGraphicalConsole } from './graphical-console.ts';
import { type ClientMessage, type ScriptedServer, scriptedServer, type ServerSide } from './scripted-server.fixture.ts';

const patient: Partial<ConsoleTimings> = {
  connectMs: 15_000,
  handshakeMs: 15_000,
  frameMs: 15_000,
  holdMs: 0,
  pauseMs: 0,
  echoMs: 0,
};

function consoleOf(server: { connect: ConnectStream }, settings: Partial<ConsoleSettings> = {}) {
  const timings = { ...patient, ...settings.timings };
  return createGraphicalConsole({ name: 'r1n01', address: { path: '/none' }, ...settings, timings }, server);
}

const area = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
const colour = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

/** A screen of 2×2 in one colour per answer: 1, 2, 3, … */
async function answerAll(server: ServerSide, onKey: (message: ClientMessage) => void = () => {}): Promise<void> {
  await server.greet(2, 2);
  for (let answer = 1; ; ) {
    const next = await server.message().catch(() => undefined);
    if (next === undefined) return;
    if (next.type === 'key') onKey(next);
    if (next.type === 'request' && !next.incremental) {
      server.send(update(rawRectangle(area(0, 0, 2, 2), colour(answer, 4))));
      answer += 1;
    }
  }
}

async function failure(promise: Promise<unknown>): Promise<AthanorError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AthanorError)) throw new Error(`not an AthanorError: ${inspect(error)}`);
  return error;
}

describe('a frame', () => {
  it('is whole, however many updates and other messages it comes in', async () => {
    const server = scriptedServer(async (side) => {
      await side.greet(2, 2);
      expect(await side.message()).toEqual({ type: 'pixel-format' });
      expect(await side.message()).toEqual({ type: 'encodings', encodings: [16, 1, 0, -223] });
      expect(await side.message()).toEqual({ type: 'request', incremental: false, ...area(0, 0, 2, 2) });
      side.send([2], [3, 0, 0, 0], withLength('words'), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
      side.send(update(rawRectangle(area(0, 0, 2, 1), [0x010203, 0x040506])));
      expect(await side.message()).toEqual({ type: 'request', incremental: true, ...area(0, 0, 2, 2) });
      side.send(update());
      expect(await side.message()).toMatchObject({ incremental: true });
      side.send(update(rawRectangle(area(0, 1, 1, 1), [0x070809])));
      expect(await side.message()).toMatchObject({ incremental: true });
      side.send(update(copyRectangle(area(1, 1, 1, 1), 0, 0)));
      await side.gone();
    });
    const frame = await consoleOf(server).frame();
    expect(frame).toEqual({ width: 2, height: 2, rgb: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) });
    await server.finished();
  });

  it('has the size that the console changes to meanwhile', async () => {
    const server = scriptedServer(async (side) => {
      await side.greet(1, 1);
      expect(await side.request()).toMatchObject({ width: 1, height: 1 });
      side.send(update(desktopSize(3, 1)));
      expect(await side.request()).toEqual({ type: 'request', incremental: false, ...area(0, 0, 3, 1) });
      side.send(update(rawRectangle(area(0, 0, 2, 1), [1, 2]), desktopSize(2, 2)));
      expect(await side.request()).toMatchObject({ incremental: false, width: 2, height: 2 });
      side.send(update(rawRectangle(area(0, 0, 2, 2), colour(7, 4))));
      await side.gone();
    });
    expect(await consoleOf(server).frame()).toEqual({
      width: 2,
      height: 2,
      rgb: Uint8Array.from(colour(7, 4).flatMap((value) => [0, 0, value])),
    });
    await server.finished();
  });

  it('is never an answer that was owed from before', async () => {
    const server = scriptedServer(async (side) => {
      await side.greet(1, 1);
      await side.request();
      // Both requests are answered, the one from before the change and the one from after it.
      side.send(update(desktopSize(1, 2)));
      await side.request();
      side.send(update(rawRectangle(area(0, 0, 1, 2), [1, 1])), update(rawRectangle(area(0, 0, 1, 2), [2, 2])));
      await side.request();
      side.send(update(rawRectangle(area(0, 0, 1, 2), [3, 3])));
      await side.gone();
    });
    const blues = await consoleOf(server).withSession(async (session) => [
      (await session.frame()).rgb[2],
      (await session.frame()).rgb[2],
    ]);
    expect(blues).toEqual([1, 3]);
    await server.finished();
  });

  it('lets go of the connection afterwards, and looks without touching a key', async () => {
    const keys: ClientMessage[] = [];
    const server = scriptedServer((side) => answerAll(side, (key) => keys.push(key)));
    const console = consoleOf(server);
    await console.frame();
    await console.frame();
    await server.finished();
    expect(server.connections()).toBe(2);
    expect(keys).toEqual([]);
  });
});

describe('keys', () => {
  const shift = 0xffe1;
  async function typed(
    work: (session: Parameters<Parameters<ReturnType<typeof consoleOf>['withSession']>[0]>[0]) => Promise<void>,
  ) {
    const events: string[] = [];
    const server = scriptedServer((side) =>
      answerAll(side, (message) => {
        if (message.type === 'key') events.push(`${message.down ? '+' : '-'}${message.keysym.toString(16)}`);
      }),
    );
    await consoleOf(server).withSession(work);
    await server.finished();
    return events;
  }

  it('go down and up, with Shift around what needs it', async () => {
    const hex = (character: string): string => character.charCodeAt(0).toString(16);
    const down = `+${shift.toString(16)}`;
    const up = `-${shift.toString(16)}`;
    const plain = (character: string): string => `+${hex(character)} -${hex(character)}`;
    const shifted = (character: string): string => `${down} ${plain(character)} ${up}`;
    expect((await typed((session) => session.type('a:B~ /'))).join(' ')).toBe(
      [plain('a'), shifted(':'), shifted('B'), shifted('~'), plain(' '), plain('/')].join(' '),
    );
    const pressed = await typed((session) => session.press(['Enter', 'F12', 'Up']));
    expect(pressed.join(' ')).toBe('+ff0d -ff0d +ffc9 -ffc9 +ff52 -ff52');
  });

  it.each([
    ['ok\n', /^Character 3 \(U\+000A\)/],
    ['naïve', /^Character 3 \(U\+00EF\)/],
    ['😀', /^Character 1 \(U\+1F600\)/],
    ['x'.repeat(5000), /5000 characters/],
  ])('are refused before the first one: %j', async (text, message) => {
    const events = await typed(async (session) => {
      const error = await failure(session.type(text));
      expect(error.code).toBe('invalid-input');
      expect(error.message).toMatch(message);
      // Nothing has happened to the session.
      await session.press(['Escape']);
    });
    expect(events).toEqual(['+ff1b', '-ff1b']);
  });

  it('are released and end when the caller aborts', async () => {
    const abort = new AbortController();
    const events: string[] = [];
    const server = scriptedServer((side) =>
      answerAll(side, (message) => {
        if (message.type !== 'key') return;
        events.push(`${message.down ? '+' : '-'}${String.fromCharCode(message.keysym)}`);
        if (events.length === 3) abort.abort();
      }),
    );
    const console = consoleOf(server, { timings: { holdMs: 50, pauseMs: 50 } });
    const error = await failure(console.withSession((session) => session.type('abcdef', abort.signal)));
    expect(error.code).toBe('aborted');
    expect(events.slice(0, 3)).toEqual(['+a', '-a', '+b']);
    expect(events.filter((event) => event.startsWith('+')).length).toBeLessThan(6);
    await server.finished();
  });

  it('wait for the server to take them in, and other calls wait for them', async () => {
    const order: string[] = [];
    const server = scriptedServer((side) => answerAll(side, (message) => order.push(message.type)));
    await consoleOf(server).withSession(async (session) => {
      const pressed = session.press(['Tab']).then(() => order.push('pressed'));
      const seen = session.frame().then(() => order.push('seen'));
      await Promise.all([pressed, seen]);
    });
    expect(order).toEqual(['key', 'key', 'pressed', 'seen']);
  });

  it('of nobody are released before another look, so that a quiet QEMU looks too', async () => {
    const events = await typed(async (session) => {
      await session.frame();
      await session.frame();
    });
    expect(events).toEqual([`-${shift.toString(16)}`]);
  });
});

describe('a console that does not do as it should', () => {
  const silent = (side: ServerSide): Promise<void> => side.gone();
  it('says nothing', async () => {
    const error = await failure(consoleOf(scriptedServer(silent), { timings: { handshakeMs: 150 } }).frame());
    expect(error.code).toBe('console-unreachable');
    expect(error.message).toBe('The console of r1n01: the handshake took longer than 150 ms');
  });

  it.each<[string, (side: ServerSide) => Promise<void>]>([
    [
      'stops after the handshake',
      async (side) => {
        await side.greet(2, 2);
        await side.gone();
      },
    ],
    [
      'drips',
      async (side) => {
        await side.greet(200, 200);
        const bytes = update(rawRectangle(area(0, 0, 200, 200), []));
        for (let at = 0, open = true; open && at < bytes.length; at += 1) {
          side.send([bytes[at] ?? 0]);
          open = await Promise.race([
            side.gone().then(() => false),
            new Promise<true>((go) => setTimeout(go, 10, true)),
          ]);
        }
      },
    ],
    [
      'never shows every pixel',
      async (side) => {
        await side.greet(2, 2);
        await side.request();
        side.send(update(rawRectangle(area(0, 0, 2, 1), [1, 1])));
        await side.gone();
      },
    ],
  ])('%s', async (_, script) => {
    const server = scriptedServer(script);
    const error = await failure(consoleOf(server, { timings: { frameMs: 150 } }).frame());
    expect(error.code).toBe('console-unreachable');
    expect(error.message).toBe('The console of r1n01: a picture took longer than 150 ms');
    await server.finished();
  });

  it.each<[string, AthanorError['code'], RegExp, (side: ServerSide) => Promise<void>]>([
    [
      'speaks something else',
      'console-protocol',
      /not an RFB server/,
      async (side) => side.send(Buffer.from('SSH-2.0-OpenSSH_9\n')),
    ],
    [
      'is full',
      'console-refused',
      /Too many viewers/,
      async (side) => {
        side.send(Buffer.from('RFB 003.008\n'), [0], withLength('Too many viewers'));
        await side.gone();
      },
    ],
    [
      'hangs up in the handshake',
      'console-unreachable',
      /the handshake failed: it closed the connection/,
      async (side) => {
        side.send(Buffer.from('RFB 003.008\n'));
        await side.read(12);
        side.end();
      },
    ],
    [
      'hangs up in the middle of a picture',
      'console-unreachable',
      /a picture failed: it closed the connection/,
      async (side) => {
        await side.greet(100, 100);
        await side.request();
        side.send(update(rawRectangle(area(0, 0, 100, 100), [])).subarray(0, 5000));
        side.end();
      },
    ],
    [
      'paints outside its screen',
      'console-protocol',
      /is outside 2x2/,
      async (side) => {
        await side.greet(2, 2);
        side.send(update(rawRectangle(area(1, 1, 2, 2), [])));
        await side.gone();
      },
    ],
    [
      'has no picture',
      'console-protocol',
      /there is no picture/,
      async (side) => {
        await side.greet(0, 0);
        await side.gone();
      },
    ],
    [
      'changes its size for ever',
      'console-protocol',
      /far more pixels/,
      async (side) => {
        await side.greet(2, 2);
        for (let index = 0; index < 20; index += 1) side.send(update(desktopSize(2048, 2048)));
        await side.gone();
      },
    ],
    [
      'sends updates without pixels for ever',
      'console-protocol',
      /never make a picture/,
      async (side) => {
        await side.greet(2, 2);
        await side.request();
        for (let index = 0; index < 100; index += 1)
          side.send(Buffer.concat(Array.from({ length: 110 }, () => update())));
        await side.gone();
      },
    ],
  ])('%s', async (_, code, message, script) => {
    const error = await failure(consoleOf(scriptedServer(script)).frame());
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.message).toContain('r1n01');
  });

  it('is not reached within the deadline, and a connection that comes too late is let go of', async () => {
    const [ours, theirs] = duplexPair();
    let arrive = (): void => {};
    const connect: ConnectStream = () =>
      new Promise((resolve) => {
        arrive = () => resolve(theirs);
      });
    const error = await failure(consoleOf({ connect }, { timings: { connectMs: 150 } }).frame());
    expect(error.code).toBe('console-unreachable');
    expect(error.message).toMatch(/connecting took longer than 150 ms/);
    arrive();
    await new Promise((resolve) => theirs.once('close', resolve));
    ours.destroy();
  });

  it('is not there', async () => {
    const connect: ConnectStream = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.9:5900'));
    const error = await failure(consoleOf({ connect }).frame());
    expect(error.code).toBe('console-unreachable');
    expect(error.message).toBe('The console of r1n01: connecting failed: connect ECONNREFUSED 10.0.0.9:5900');
  });

  it('does not bring the password into an error', async () => {
    const password = 'hush-hush';
    const refuse = scriptedServer(async (side) => {
      side.send(Buffer.from('RFB 003.008\n'), [1, 2], Buffer.alloc(16, 7));
      await side.read(12 + 1 + 16);
      side.send([0, 0, 0, 1], withLength('no'));
      await side.gone();
    });
    for (const server of [refuse, scriptedServer(silent)]) {
      const error = await failure(consoleOf(server, { password, timings: { handshakeMs: 300 } }).frame());
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hush');
    }
  });
});

describe('the caller', () => {
  it.each<[string, (server: ScriptedServer, signal: AbortSignal) => Promise<unknown>]>([
    ['while connecting', (_, signal) => consoleOf({ connect: () => new Promise(() => {}) }).frame(signal)],
    ['in the handshake', (_, signal) => consoleOf(scriptedServer((side) => side.gone())).frame(signal)],
    [
      'while a picture comes',
      (_, signal) =>
        consoleOf(
          scriptedServer(async (side) => {
            await side.greet(2, 2);
            await side.gone();
          }),
        ).frame(signal),
    ],
  ])('may abort %s', async (_, act) => {
    const abort = new AbortController();
    const done = failure(act(scriptedServer(answerAll), abort.signal));
    setTimeout(() => abort.abort(new Error('enough')), 50);
    expect((await done).code).toBe('aborted');
  });

  it('who aborted before reaches nobody', async () => {
    const server = scriptedServer(answerAll);
    expect((await failure(consoleOf(server).frame(AbortSignal.abort()))).code).toBe('aborted');
    expect(server.connections()).toBe(0);
  });

  it('who fails at work has the session closed, and gets that failure', async () => {
    const server = scriptedServer(answerAll);
    const work = consoleOf(server).withSession(async (session) => {
      await session.frame();
      throw new RangeError('work');
    });
    await expect(work).rejects.toThrow(RangeError);
    await server.finished();
  });

  it('hears the first failure again from a session that has failed or is closed', async () => {
    const server = scriptedServer(async (side) => {
      await side.greet(2, 2);
      await side.request();
      side.send([99]);
      await side.gone();
    });
    await consoleOf(server).withSession(async (session) => {
      const first = await failure(session.frame());
      expect(first.code).toBe('console-protocol');
      expect(await failure(session.type('a'))).toBe(first);
    });
    await consoleOf(scriptedServer(answerAll)).withSession(async (session) => {
      session.close();
      expect((await failure(session.frame())).message).toMatch(/is closed/);
    });
  });
});
