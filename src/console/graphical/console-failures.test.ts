/** What happens when a console does not do as it should, or the caller does not want it any more. */
import { duplexPair } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { AthanorError } from '../../errors/index.ts';
import { desktopSize, rawRectangle, update, withLength } from '../../protocols/testing/rfb-server.ts';
import type { ConnectStream } from './connect-by-net.ts';
import { consoleOf, failure } from './console-under-test.fixture.ts';
import { answerAll, type ScriptedServer, scriptedServer, type ServerSide } from './scripted-server.fixture.ts';

const area = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

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
