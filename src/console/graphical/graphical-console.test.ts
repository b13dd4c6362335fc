/** What the console gives: whole and present pictures, and keys. */
import { describe, expect, it } from 'vitest';
import { copyRectangle, desktopSize, rawRectangle, update, withLength } from '../../protocols/testing/rfb-server.ts';
import { consoleOf, failure } from './console-under-test.fixture.ts';
import { answerAll, type ClientMessage, scriptedServer } from './scripted-server.fixture.ts';

const area = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
const colour = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

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
