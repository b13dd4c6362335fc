/**
 * A server in memory with a BMC and a console, for the decisions of heal alone; BMCs and consoles themselves are tested
 * against real ones in their own rooms. Its frames carry their text in their pixels, and `readScripted` gives it back.
 */
import { AthanorError } from '../../../errors/index.ts';
import type { ConsoleSession, Cursor, Frame, GraphicalConsole, Reading } from '../../../console/index.ts';
import { type Bmc, type BmcResult, createBmcHost } from '../../../site/index.ts';

const driver = 'ipmi';

export interface Screen {
  lines: readonly string[];
  cursor?: Cursor;
}

export type Done = `power ${'on' | 'off'}` | `type ${string}` | `press ${string}`;

/** How its BMC takes a power verb. */
export type BmcManner =
  | 'obeys'
  | 'refuses'
  /** The verb never arrives, and nobody knows. */
  | 'request lost'
  /** The verb is obeyed, and nobody knows. */
  | 'answer lost'
  /** It says that it did it, and did nothing: what cannot be read back. */
  | 'deaf'
  | 'unsupported';

export interface ScriptedServer {
  power: 'on' | 'off';
  screen: Screen;
  bootId: string;
  manner: (verb: 'on' | 'off') => BmcManner;
  consoleDead: boolean;
  /** Every verb and key group that reached it, in order. */
  readonly done: Done[];
  /** What the newest frame showed; undefined before the first and when none could be had. */
  lastSeen: readonly string[] | undefined;
  /** Called before each frame is taken; the number counts from 1. */
  beforeFrame: (number: number) => void | Promise<void>;
  /** Called with each verb or key group that reached it, before it has any effect. */
  onArrival: (what: Done) => void | Promise<void>;
  /** Called when it did what it was told, before the answer; a promise holds the answer back. */
  onDone: (what: Done) => void | Promise<void>;
  /** What the server does when its power goes on. */
  onBoot: () => void;
  readonly bmc: Bmc;
  readonly console: GraphicalConsole;
}

export function frameOfScreen({ lines, cursor }: Screen): Frame {
  const text = Buffer.from(JSON.stringify({ lines, cursor: cursor ?? null }));
  const width = Math.ceil((text.length + 2) / 3);
  const rgb = new Uint8Array(width * 3);
  rgb.set([text.length >> 8, text.length & 0xff]);
  rgb.set(text, 2);
  return { width, height: 1, rgb };
}

export function readScripted({ rgb }: Frame): Reading | undefined {
  const length = ((rgb[0] ?? 0) << 8) | (rgb[1] ?? 0);
  const { lines, cursor } = JSON.parse(Buffer.from(rgb.subarray(2, 2 + length)).toString()) as {
    lines: string[];
    cursor: Cursor | null;
  };
  if (lines[0] === 'NO TEXT') return undefined;
  return {
    font: 'scripted',
    columns: 80,
    rows: 25,
    cells: [],
    cursor: cursor ?? undefined,
    confidence: 1,
    lines,
  };
}

/** A real host over a network that is not there, for every capability that heal does not use. */
async function unmanagedBmc(): Promise<Bmc> {
  const host = createBmcHost({
    udp: { open: () => Promise.reject(new Error('no packet is to be sent here')) },
    clock: { now: () => Date.now(), monotonic: () => performance.now(), after: () => () => undefined },
    randomBytes: (length) => new Uint8Array(length),
    refusedCredentials: { isRefused: () => Promise.resolve(false), remember: () => Promise.resolve() },
  });
  await host.declare([{ name: 'base', driver: 'unmanaged', address: '', macAddress: '52:54:00:00:00:01' }]);
  return host.bmc('base');
}

export async function createScriptedServer(screen: Screen): Promise<ScriptedServer> {
  const base = await unmanagedBmc();
  let frames = 0;
  const evidence = [{ source: 'memory', detail: 'as scripted', at: 0 }];
  const status = () => ({ state: server.power, faults: [] });

  async function set(verb: 'on' | 'off'): Promise<BmcResult<ReturnType<typeof status>>> {
    const manner = server.manner(verb);
    const unknown = () =>
      ({
        outcome: 'outcome unknown',
        driver,
        evidence,
        error: new AthanorError('outcome-unknown', `no answer came to ${verb}`),
      }) as const;
    if (manner === 'unsupported') return { outcome: 'unsupported', driver, capability: 'power', reason: 'not here' };
    if (manner === 'refuses')
      return { outcome: 'failed', driver, evidence, error: new AthanorError('bmc-refused', 'the BMC refused') };
    if (manner === 'request lost') return unknown();
    await server.onArrival(`power ${verb}`);
    server.done.push(`power ${verb}`);
    if (manner === 'deaf')
      return { outcome: 'failed', driver, evidence, error: new AthanorError('deadline-exceeded', 'the power stays') };
    const before = server.power;
    server.power = verb;
    if (verb === 'off') server.screen = { lines: [] };
    else if (before === 'off') server.onBoot();
    await server.onDone(`power ${verb}`);
    return manner === 'answer lost' ? unknown() : { outcome: 'done', driver, evidence, value: status() };
  }

  async function frame(): Promise<Frame> {
    frames += 1;
    await server.beforeFrame(frames);
    server.lastSeen = undefined;
    if (server.consoleDead || server.power === 'off') {
      throw new AthanorError('console-unreachable', 'the console does not answer');
    }
    server.lastSeen = server.screen.lines;
    return frameOfScreen(server.screen);
  }

  const session: ConsoleSession = {
    frame,
    type: async (text) => {
      await server.onArrival(`type ${text}`);
      server.done.push(`type ${text}`);
      await server.onDone(`type ${text}`);
    },
    press: async (keys) => {
      const what = `press ${keys.join(' ')}` as const;
      await server.onArrival(what);
      server.done.push(what);
      await server.onDone(what);
    },
    close: () => undefined,
  };

  const server: ScriptedServer = {
    power: 'on',
    screen,
    bootId: 'boot-1',
    manner: () => 'obeys',
    consoleDead: false,
    done: [],
    lastSeen: undefined,
    beforeFrame: () => undefined,
    onArrival: () => undefined,
    onDone: () => undefined,
    onBoot: () => undefined,
    bmc: {
      ...base,
      settings: { name: 'scripted', driver, address: '192.0.2.1' },
      power: {
        get: () => Promise.resolve({ outcome: 'done', driver, evidence, value: status() }),
        set: async (verb) => {
          if (verb !== 'on' && verb !== 'off') throw new Error(`heal must not ask for ${verb}`);
          return await set(verb);
        },
      },
    },
    console: {
      name: 'scripted',
      frame,
      withSession: async (work) => {
        if (server.consoleDead) throw new AthanorError('console-unreachable', 'the console does not answer');
        return await work(session);
      },
    },
  };
  return server;
}

/** A prompt that echoes: what is typed stands behind it, and Enter calls `entered`. */
export function echoingPrompt(server: ScriptedServer, prompt: string, entered: (line: string) => void): void {
  let typed = '';
  const draw = (): void => {
    server.screen = {
      lines: ['', `${prompt}${typed}`.trimEnd()],
      cursor: { row: 1, column: prompt.length + typed.length },
    };
  };
  draw();
  server.onDone = (what) => {
    if (what.startsWith('type ')) {
      typed += what.slice('type '.length);
      draw();
    } else if (what === 'press Enter') entered(typed);
  };
}
