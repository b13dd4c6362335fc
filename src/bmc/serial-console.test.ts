/** The serial console against our simulated BMC: what no real BMC can be made to do. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { SimulatedBmc } from '../sim/index.ts';
import { startSimulatedBmc, systemClock } from '../sim/index.ts';
import type { SolTiming } from './drivers/ipmi/sol-machine.ts';
import { solTiming } from './drivers/ipmi/sol-machine.ts';
import type { Bmc, SerialConsole } from './index.ts';
import { openBmc } from './index.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

const login = { username: 'admin', password: 'correct-horse' };
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

async function start(quirks: string[] = []): Promise<{ sim: SimulatedBmc; bmc: Bmc }> {
  const mistakes: unknown[] = [];
  const sim = await startSimulatedBmc({
    address: '127.0.0.1',
    port: 0,
    name: 'serial',
    powerOn: true,
    users: [{ name: login.username, password: login.password, privilege: 4 }],
    clock: systemClock,
    random: (length) => randomBytes(length),
    onError: (error) => mistakes.push(error),
  });
  cleanUp.push(async () => {
    await sim.stop();
    expect(mistakes).toEqual([]);
  });
  return { sim, bmc: another(sim, quirks) };
}

function another(sim: SimulatedBmc, quirks: string[] = []): Bmc {
  const credential = { name: 'c', ...login, fingerprint: '1' };
  const settings = { name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential, quirks } as const;
  const bmc = openBmc(settings, realDependencies());
  cleanUp.push(() => bmc.close());
  return bmc;
}

/** A machine that prints `text` as fast as it is read, and keeps what it is sent. */
function machinePrinting(text: Buffer) {
  const received: Buffer[] = [];
  let length = 0;
  let printed = 0;
  let waiting: { length: number; resolve: () => void } | undefined;
  const duplex = new Duplex({
    read() {
      if (printed >= text.length) return;
      this.push(text.subarray(printed, printed + 4096));
      printed += 4096;
    },
    write(chunk: Buffer, _encoding, done) {
      received.push(chunk);
      length += chunk.length;
      if (waiting !== undefined && length >= waiting.length) waiting.resolve();
      done();
    },
  });
  return {
    duplex,
    received: () => Buffer.concat(received),
    untilReceived: (wanted: number) =>
      new Promise<void>((resolve) => {
        waiting = { length: wanted, resolve };
        if (length >= wanted) resolve();
      }),
  };
}

function untilPrinted(console: SerialConsole, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let printed = 0;
  return new Promise((resolve, reject) => {
    console.on('error', reject);
    console.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      printed += chunk.length;
      if (printed >= length) resolve(Buffer.concat(chunks));
    });
  });
}

async function carry(sim: SimulatedBmc, bmc: Bmc, size: number): Promise<void> {
  const typed = randomBytes(size);
  const printed = randomBytes(size);
  const machine = machinePrinting(printed);
  sim.areas.sol.attach(machine.duplex);
  const console = expectDone(await bmc.console.openSerial()).value;
  const shown = untilPrinted(console, size);
  console.write(typed);
  await machine.untilReceived(size);
  expect((await shown).equals(printed)).toBe(true);
  expect(machine.received().equals(typed)).toBe(true);
}

describe('much at once', () => {
  it('carries 1 MB each way at full rate', { timeout: 60_000 }, async () => {
    const { sim, bmc } = await start();
    await carry(sim, bmc, 1_000_000);
  });

  it('carries 1 MB each way under 5 % loss, no byte lost or doubled', { timeout: 60_000 }, async () => {
    const { sim, bmc } = await start();
    // On loopback an answer takes no millisecond: a wait fit for BMCs would make this a test of patience.
    const usual: SolTiming = { ...solTiming };
    Object.assign(solTiming, { firstTimeoutMs: 40, shortestTimeoutMs: 10 });
    cleanUp.push(() => Promise.resolve(Object.assign(solTiming, usual)));
    Object.assign(sim.areas.sol.controls, { retryMs: 10, retries: 20 });
    sim.faults.loss = 0.05;
    await carry(sim, bmc, 1_000_000);
    sim.faults.loss = 0;
  });

  it('loses and doubles nothing where packets are also doubled, late, accepted in part and refused', async () => {
    const { sim, bmc } = await start();
    Object.assign(sim.areas.sol.controls, { retryMs: 30, retries: 20, acceptAtMost: 100, refuseEvery: 7 });
    Object.assign(sim.faults, { loss: 0.05, duplicate: 0.1, reorder: 0.1 });
    await carry(sim, bmc, 10_000);
    Object.assign(sim.faults, { loss: 0, duplicate: 0, reorder: 0 });
  });

  it('holds the machine back while nobody reads, and loses nothing by it', async () => {
    const { sim, bmc } = await start();
    const printed = randomBytes(400_000);
    sim.areas.sol.attach(machinePrinting(printed).duplex);
    const console = expectDone(await bmc.console.openSerial()).value;
    await once(console, 'readable');
    await console.sendBreak();
    expect(console.readableLength).toBeLessThan(300_000);
    expect((await untilPrinted(console, printed.length)).equals(printed)).toBe(true);
  });
});

describe('who may have it', () => {
  it('says that another has it, and is told when it is taken over', async () => {
    const { sim, bmc } = await start();
    const first = expectDone(await bmc.console.openSerial()).value;
    const failed = once(first, 'error');
    const second = another(sim);
    expect(expectFailed(await second.console.openSerial()).error.code).toBe('conflict');
    expectDone(await second.console.openSerial(true));
    expect(await failed).toMatchObject([
      { code: 'conflict', message: expect.stringContaining('another session took it') },
    ]);
    expect(expectDone(await second.console.serialStatus()).value.active).toBe(true);
  });

  it('gives it back when the handle is closed, and when it is ended', async () => {
    const { sim, bmc } = await start();
    expectDone(await bmc.console.openSerial());
    await bmc.close();
    const second = another(sim);
    expect(expectDone(await second.console.serialStatus()).value.active).toBe(false);
    const console = expectDone(await second.console.openSerial()).value;
    console.resume();
    console.end('echo x\r');
    await once(console, 'finish');
    console.destroy();
    await once(console, 'close');
    expect(expectDone(await second.console.serialStatus()).value.active).toBe(false);
  });

  it.each([
    { why: 'disabled', change: { enabled: false }, code: 'bmc-refused', text: 'disabled' },
    { why: 'not to be encrypted', change: { encryption: 'refused' }, code: 'bmc-insecure', text: 'with encryption' },
  ])('says that it is $why', async ({ change, code, text }) => {
    const { sim, bmc } = await start();
    Object.assign(sim.areas.sol.controls, change);
    const { error } = expectFailed(await bmc.console.openSerial());
    expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
    // The session that was opened for it is closed again.
    expect(sim.sessions()).toBe(0);
  });
});

describe('what BMCs say of themselves', () => {
  it.each([
    { said: 'nonsense', inboundPayloadSize: 0xffff, quirks: [], expected: 32 },
    { said: 'byte-swapped', inboundPayloadSize: 0x4800, quirks: [], expected: 68 },
    { said: 'small', inboundPayloadSize: 20, quirks: [], expected: 16 },
    { said: 'wrong, and known for it,', inboundPayloadSize: 200, quirks: ['solpayloadsize'], expected: 32 },
  ])('sends packets that fit where the size is $said', async ({ inboundPayloadSize, quirks, expected }) => {
    const { sim, bmc } = await start([...quirks]);
    sim.areas.sol.controls.inboundPayloadSize = inboundPayloadSize;
    const opened = expectDone(await bmc.console.openSerial());
    expect(opened.evidence.map(({ detail }) => detail)).toContain(`${expected} characters per packet`);
  });

  it('moves to the port that the BMC names, unless that is a known untruth', async () => {
    const elsewhere = await start();
    const { sim, bmc } = await start();
    sim.areas.sol.controls.udpPort = elsewhere.sim.port;
    const console = expectDone(await bmc.console.openSerial()).value;
    expect(elsewhere.sim.sessions()).toBe(1);
    console.destroy();
    await once(console, 'close');
    expectDone(await another(sim, ['solport']).console.openSerial());
    expect(elsewhere.sim.sessions()).toBe(0);
  });

  it('tells when the machine cannot take characters, and types them when it can', async () => {
    const { sim, bmc } = await start();
    const machine = machinePrinting(Buffer.alloc(0));
    sim.areas.sol.attach(machine.duplex);
    sim.server.powerOn = false;
    const console = expectDone(await bmc.console.openSerial()).value;
    console.resume();
    const notices: unknown[] = [];
    console.on('notice', (notice) => notices.push(notice));
    const unavailable = once(console, 'notice');
    console.write('later');
    await unavailable;
    sim.server.powerOn = true;
    await machine.untilReceived(5);
    expect(machine.received().toString()).toBe('later');
    await console.sendBreak();
    expect(sim.areas.sol.breaks).toBe(1);
    expect(notices).toEqual(['unavailable', 'available']);
  });
});
