/** The things a person or a test can look at and break. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootSector, diskMark, writeBootDisk } from './boot-disk.ts';
import { type LabMachine, type Rack, ipmitool, run, scratchDirectory, startRack } from './index.ts';
import { ipmitoolCommand } from './ipmitool.ts';

const mark = new RegExp(diskMark);
let rack: Rack;
let machine: LabMachine;

beforeAll(async () => {
  rack = await startRack({
    directory: scratchDirectory(),
    machines: [{ name: 'm', firmware: 'bios', memoryMb: 128, diskBytes: 8 << 20 }],
  });
  machine = rack.machine('m');
  await writeBootDisk(machine);
});
afterAll(() => rack.close());

const inControl = (...command: [string, ...string[]]): Promise<string> => {
  const { file, args } = rack.inControl(command);
  return run(file, args);
};
const briefly = ['-N', '1', '-R', '1', 'power', 'status'];

interface Session {
  type: (keys: string) => void;
  hear: (pattern: RegExp) => Promise<string>;
  end: () => Promise<void>;
}

/** `sol activate`; ipmitool wants a terminal, and script(1) gives it one. */
async function openSession(): Promise<Session> {
  const { file, args } = ipmitoolCommand(rack, machine, ['sol', 'activate']);
  const session = spawn('script', ['-qec', [file, ...args].join(' '), '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  session.stdout.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  /** Resolves with what came up to the end of the match, which is then forgotten. */
  const hear = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`not heard: ${String(pattern)}; heard ${heard.slice(-300)}`)),
        30_000,
      );
      const look = (): void => {
        const match = pattern.exec(heard);
        if (match === null) return;
        clearTimeout(deadline);
        session.stdout.off('data', look);
        const end = match.index + match[0].length;
        resolve(heard.slice(0, end));
        heard = heard.slice(end);
      };
      session.stdout.on('data', look);
      look();
    });
  await hear(/SOL Session operational/);
  return {
    type: (keys) => void session.stdin.write(keys),
    hear,
    end: async () => {
      const ended = once(session, 'exit');
      session.stdin.end('\r~.');
      await ended;
    },
  };
}

test('serial over LAN carries both directions and survives a power cycle', async () => {
  await ipmitool(rack, machine, 'power', 'on');
  const session = await openSession();
  try {
    await ipmitool(rack, machine, 'power', 'cycle');
    await session.hear(mark);
    // A key from the session makes the boot sector reset the machine.
    session.type('x');
    await session.hear(mark);
  } finally {
    await session.end();
  }
  await ipmitool(rack, machine, 'power', 'off');
});

test('serial over LAN loses nothing of a long burst', async () => {
  const lines = Array.from({ length: 1500 }, (_, index) => `line ${index} of a burst that a BMC must pace\r\n`);
  const session = await openSession();
  // In QEMU's place at the server's end of the cable, all at once.
  const cable = connect(path.join(rack.directory, machine.name, 'serial.sock'));
  try {
    cable.write(lines.join(''));
    const heard = await session.hear(/line 1499 of a burst[^\n]*\n/);
    const numbers = [...heard.matchAll(/line (\d+) of a burst that a BMC must pace\r/g)].map((match) =>
      Number(match[1]),
    );
    expect(numbers).toEqual(lines.map((_, index) => index));
  } finally {
    cable.destroy();
    await session.end();
  }
});

test('a deaf BMC answers nobody while its server runs, and again afterwards', async () => {
  await ipmitool(rack, machine, 'power', 'on');
  machine.bmc.stop();
  try {
    await expect(ipmitool(rack, machine, ...briefly)).rejects.toThrow(/Unable to establish/);
    expect(await machine.isPoweredOn()).toBe(true);
  } finally {
    machine.bmc.continue();
  }
  expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is on');
});

test('a dead BMC takes nothing with it and comes back', async () => {
  await machine.bmc.kill();
  await expect(ipmitool(rack, machine, ...briefly)).rejects.toThrow(/Unable to establish/);
  expect(await machine.isPoweredOn()).toBe(true);
  await machine.bmc.restart();
  expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is on');
});

test('a frozen server says nothing until it thaws; its BMC still answers', async () => {
  await machine.freeze();
  expect(await machine.qmp('query-status')).toMatchObject({ running: false });
  expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is on');
  const from = (await machine.serialLog()).length;
  await ipmitool(rack, machine, 'power', 'reset');
  await machine.thaw();
  await machine.waitForSerial(mark, { timeoutMs: 30_000, from });
});

test('the screen can be seen, by picture and by VNC', async () => {
  const picture = path.join(rack.directory, 'screen.png');
  await machine.screendump(picture);
  expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG');
  const viewer = connect(machine.vncSocket);
  const [greeting]: Buffer[] = await once(viewer, 'data');
  viewer.destroy();
  expect(greeting?.toString()).toBe('RFB 003.008\n');
});

test('the disk is witnessed by its bytes, and the serial log file holds what the console said', async () => {
  const expected = createHash('sha256').update(bootSector(diskMark)).update(Buffer.alloc(512)).digest('hex');
  expect(await machine.diskSha256(1024)).toBe(expected);
  await ipmitool(rack, machine, 'power', 'off');
  expect(await readFile(machine.serialLogFile, 'latin1')).toBe(await machine.serialLog());
});

test('waiting for what never comes ends at its deadline or with its signal, and says what was last heard', async () => {
  await expect(machine.waitForSerial(/never/, { timeoutMs: 50 })).rejects.toThrow(
    /no \/never\/.*within 50 ms.*BOOTED/s,
  );
  const abort = new AbortController();
  const waiting = machine.waitForSerial(/never/, { timeoutMs: 60_000, signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('the control host has its three networks, a router, a name server and a settled link-local address', async () => {
  const addresses = await inControl('ip', '-brief', 'addr');
  expect(addresses).toMatch(/^cp0\S*\s+UP\s+10\.77\.0\.1\/24 fe80:\S+\/64/m);
  expect(addresses).toMatch(/^cm0\S*\s+UP\s+10\.77\.1\.254\/24/m);
  expect(addresses).toMatch(/^cx0\S*\s+UP\s+10\.99\.0\.1\/24/m);
  expect(await inControl('ip', '-6', 'addr', 'show', 'tentative')).toBe('');
  expect(await inControl('ip', 'route')).toMatch(/default via 10\.77\.0\.254 dev cp0/);
  expect(await inControl('cat', '/etc/resolv.conf')).toContain('nameserver 10.77.0.254');
  // A refusal is an answer: the outside is there, and nothing listens.
  await expect(inControl('curl', '-sS', '--max-time', '5', 'http://10.99.0.2:9/')).rejects.toThrow(/connect/);
});

test('a second rack in the same enclosure is refused in words', async () => {
  await expect(
    startRack({ directory: scratchDirectory(), machines: [{ name: 'x', firmware: 'bios' }] }),
  ).rejects.toThrow(/already running/);
  expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is off');
});
