/** The client against the VNC server of QEMU, with QEMU's own view of the screen as the witness. */
import { createServer, connect as connectSocket, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtocolVersion } from '../../protocols/rfb/index.ts';
import type { Frame } from '../frame.ts';
import { type ConnectStream, connectByNet } from './connect-by-net.ts';
import type { ConsoleAddress, ConsoleSession, ConsoleTimings } from './console.ts';
import { failure } from './console-under-test.fixture.ts';
import { type ConsoleDependencies, createGraphicalConsole } from './graphical-console.ts';
import { type QemuConsole, startQemuConsole } from './qemu-console.fixture.ts';

/** The machine that runs the tests may be busy; how fast it is is not what is tested here. */
const patient: Partial<ConsoleTimings> = { connectMs: 20_000, handshakeMs: 20_000, frameMs: 20_000 };

interface Way extends Partial<ConsoleDependencies> {
  password?: string;
  timings?: Partial<ConsoleTimings>;
}

function consoleAt(address: ConsoleAddress, { password, timings, ...dependencies }: Way = {}) {
  const settings = {
    name: 'r1n01',
    address,
    timings: { ...patient, ...timings },
    ...(password !== undefined && { password }),
  };
  return createGraphicalConsole(settings, { connect: connectByNet, ...dependencies });
}

/** Equal, without printing megabytes when not. */
function expectSame(frame: Frame, expected: Frame): void {
  expect([frame.width, frame.height]).toEqual([expected.width, expected.height]);
  const wrong = frame.rgb.findIndex((value, at) => value !== expected.rgb[at]);
  expect(wrong === -1 ? 'the same' : `another colour at byte ${wrong}`).toBe('the same');
}

const raw = [0];
const zrle = [16];
const prompt = /^grub>/m;

describe('a frame', () => {
  let machine: QemuConsole;
  beforeAll(async () => {
    machine = await startQemuConsole();
    await machine.shows(/No bootable device/);
  });
  afterAll(() => machine.close());

  it.each<[string, Way]>([
    ['raw', { encodings: raw }],
    ['ZRLE', { encodings: zrle }],
    ['as this client prefers', {}],
    ['RFB 3.7', { newestVersion: '3.7' }],
    ['RFB 3.3', { newestVersion: '3.3' }],
  ])('%s is what QEMU shows, pixel for pixel', async (_, way) => {
    await machine.stopped(async () => {
      const frame = await consoleAt(machine.address, way).frame();
      expect([frame.width, frame.height]).toEqual([720, 400]);
      expectSame(frame, await machine.screendump());
    });
  });

  it('is the same again and again on one connection, whose zlib stream goes on', async () => {
    await machine.stopped(async () => {
      const expected = await machine.screendump();
      await consoleAt(machine.address, { encodings: zrle }).withSession(async (session) => {
        for (let count = 0; count < 5; count += 1) expectSame(await session.frame(), expected);
      });
    });
  });

  it('comes by TCP too', async () => {
    const second = await startQemuConsole({ display: 3 });
    try {
      await second.stopped(async () => {
        expectSame(await consoleAt(second.address).frame(), await second.screendump());
      });
    } finally {
      await second.close();
    }
  });
});

describe('a machine that starts', () => {
  it('is seen as it is at every moment: with its firmware, its loader, and a change of the screen meanwhile', async () => {
    const machine = await startQemuConsole({ grub: true });
    try {
      const sizes = new Set<string>();
      const lookTwice = async (session: ConsoleSession): Promise<void> => {
        await machine.stopped(async () => {
          const alone = await consoleAt(machine.address).frame();
          const inSession = await session.frame();
          const expected = await machine.screendump();
          expectSame(alone, expected);
          expectSame(inSession, expected);
          sizes.add(`${alone.width}x${alone.height}`);
        });
      };
      const console = consoleAt(machine.address);
      await console.withSession(async (session) => {
        for (let looks = 0; looks < 60 && !prompt.test((await machine.lines()).join('\n')); looks += 1) {
          await lookTwice(session);
        }
        await machine.shows(prompt);
        await lookTwice(session);
        // GRUB's picture of many colours, in the middle of a session.
        await session.type('videotest 1024x768x32');
        await session.press(['Enter']);
        for (let looks = 0; looks < 200 && !sizes.has('1024x768'); looks += 1) await lookTwice(session);
        for (const encodings of [raw, zrle]) {
          await machine.stopped(async () => {
            expectSame(await consoleAt(machine.address, { encodings }).frame(), await machine.screendump());
          });
        }
      });
      expect([...sizes]).toEqual(expect.arrayContaining(['720x400', '1024x768']));
    } finally {
      await machine.close();
    }
  });
});

describe('keys', () => {
  let machine: QemuConsole;
  beforeAll(async () => {
    machine = await startQemuConsole({ grub: true });
    await machine.shows(prompt);
  });
  afterAll(() => machine.close());
  /** What stands after the last prompt. */
  const typed = async (): Promise<string> => {
    const rows = (await machine.lines()).map((row) => row.padEnd(80));
    return rows
      .slice(rows.findLastIndex((row) => row.startsWith('grub>')))
      .join('')
      .trimEnd();
  };

  it('write every character of a US keyboard, in order and none lost', async () => {
    const all = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
    const text = `${all} ${all}`;
    await consoleAt(machine.address).withSession((session) => session.type(text));
    await machine.shows(/~[^~]*~/s);
    expect(await typed()).toBe(`grub> ${text}`);
    await consoleAt(machine.address).withSession((session) => session.press(['Enter']));
    await machine.shows(/grub>.*grub>\s*$/s);
  }, 120_000);

  it('edit as their names say', async () => {
    await consoleAt(machine.address).withSession(async (session) => {
      await session.type('cho abcd');
      await session.press(['Backspace', 'Left', 'Delete', 'Home']);
      await session.type('e');
      await session.press(['End']);
      await session.type('Z');
    });
    await machine.shows(/grub> echo abZ$/m);
    await consoleAt(machine.address).withSession((session) => session.press(['Enter']));
    await machine.shows(/^abZ$/m);
  });
});

describe('a password', () => {
  const password = 'hush4you';
  let machine: QemuConsole;
  beforeAll(async () => {
    machine = await startQemuConsole({ vnc: 'password=on' });
    await machine.qmp('set_password', { protocol: 'vnc', password });
  });
  afterAll(() => machine.close());
  const versions: ProtocolVersion[] = ['3.3', '3.7', '3.8'];

  it.each(versions)('opens the console in RFB %s', async (newestVersion) => {
    const frame = await consoleAt(machine.address, { password, newestVersion }).frame();
    expect(frame.rgb.length).toBe(frame.width * frame.height * 3);
  });

  it('is cut to eight characters, and may be shorter', async () => {
    await consoleAt(machine.address, { password: `${password} and more` }).frame();
    await machine.qmp('set_password', { protocol: 'vnc', password: 'abc' });
    await consoleAt(machine.address, { password: 'abc' }).frame();
    await machine.qmp('set_password', { protocol: 'vnc', password });
  });

  it.each(versions)('that is wrong is refused in RFB %s, and is in no error', async (newestVersion) => {
    const error = await failure(consoleAt(machine.address, { password: 'wrongsecret', newestVersion }).frame());
    expect(error.code).toBe('console-refused');
    expect(error.message).toContain('the password was refused');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('wrongsecret');
  });

  it('that is not set is asked for', async () => {
    const error = await failure(consoleAt(machine.address).frame());
    expect(error.code).toBe('console-refused');
    expect(error.message).toContain('a password is needed');
  });
});

describe('a console that fails', () => {
  let machine: QemuConsole;
  beforeAll(async () => {
    machine = await startQemuConsole();
  });
  afterAll(() => machine.close());

  it('has no socket, or nobody listens', async () => {
    expect((await failure(consoleAt({ path: '/nowhere/vnc' }).frame())).code).toBe('console-unreachable');
    const error = await failure(consoleAt({ host: '127.0.0.1', port: 9 }).frame());
    expect(error.code).toBe('console-unreachable');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('accepts and never answers, while its process stands still', async () => {
    machine.signal('SIGSTOP');
    try {
      const error = await failure(consoleAt(machine.address, { timings: { handshakeMs: 300 } }).frame());
      expect(error.code).toBe('console-unreachable');
      expect(error.message).toContain('the handshake took longer than 300 ms');
    } finally {
      machine.signal('SIGCONT');
    }
    // And is well again afterwards.
    await consoleAt(machine.address).frame();
  });

  it('dies in the middle of a picture', async () => {
    const doomed = await startQemuConsole();
    try {
      const connect = await through(doomed.address, (passed, relay) => {
        if (passed < 100_000) return;
        doomed.signal('SIGKILL');
        relay.close();
      });
      const error = await failure(consoleAt(doomed.address, { encodings: raw, connect }).frame());
      expect(error.code).toBe('console-unreachable');
      expect(error.message).toContain('a picture failed: it closed the connection');
    } finally {
      await doomed.close();
    }
  });
});

/** Connects by a relay that is told how many bytes the server has sent so far, and ends when the server does. */
async function through(
  address: ConsoleAddress,
  onBytes: (passed: number, relay: Server) => void,
): Promise<ConnectStream> {
  if (!('path' in address)) throw new Error('a unix socket is needed');
  let passed = 0;
  const relay = createServer((client: Socket) => {
    const server = connectSocket(address.path);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.pipe(server);
    server.on('data', (bytes) => {
      passed += bytes.length;
      client.write(bytes);
      onBytes(passed, relay);
    });
    server.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const where = relay.address();
  if (where === null || typeof where === 'string') throw new Error('no port');
  return (_, signal) => connectByNet({ host: '127.0.0.1', port: where.port }, signal);
}
