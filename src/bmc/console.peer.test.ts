/** The serial console over a real BMC's serial over LAN: OpenIPMI's ipmi_sim, with ipmitool as the other console. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bmc, SerialConsole } from './index.ts';
import { findBmcCommand } from './commands/table.ts';
import { openBmc } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';
import type { SerialMachine } from './testing/serial-machine.ts';
import { startSerialMachine } from './testing/serial-machine.ts';

let sim: IpmiSim;
let machine: SerialMachine;
const open: Bmc[] = [];

beforeAll(async () => {
  machine = await startSerialMachine();
  sim = await startIpmiSim({ serialPort: machine.port });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bmc) => bmc.close()));
});
afterAll(async () => {
  await sim.stop();
  await machine.close();
});

function bmc(): Bmc {
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  const opened = openBmc(
    { name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential },
    realDependencies(),
  );
  open.push(opened);
  return opened;
}

/** Gives what the console prints, once it is that much. */
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

/** The real ipmitool with the console open; its standard output so far, and a way to end it. */
async function ipmitoolConsole() {
  const { username, password } = administrator;
  const login = `-I lanplus -C 3 -H 127.0.0.1 -p ${sim.port} -U ${username} -P ${password}`;
  const child = spawn('script', ['-qfec', `ipmitool ${login} sol activate`, '/dev/null'], { stdio: 'pipe' });
  const exited = once(child, 'exit');
  let shown = '';
  await new Promise<void>((ready, failed) => {
    child.stdout.on('data', (data: Buffer) => {
      shown += data.toString();
      if (shown.includes('operational')) ready();
    });
    child.once('exit', () => failed(new Error(`ipmitool ended: ${shown}`)));
  });
  return {
    async end() {
      child.kill();
      await exited;
    },
  };
}

describe('serial over LAN of ipmi_sim', () => {
  it('carries 64 KB each way at line speed, no byte lost or doubled', { timeout: 20_000 }, async () => {
    const console = expectDone(await bmc().console.openSerial()).value;
    const typed = randomBytes(65_536);
    const printed = randomBytes(65_536);
    const shown = untilPrinted(console, printed.length);
    const before = machine.received().length;
    console.write(typed);
    await Promise.all([machine.send(printed), machine.untilReceived(before + typed.length)]);
    expect(machine.received().subarray(before).equals(typed)).toBe(true);
    expect((await shown).equals(printed)).toBe(true);
  });

  it('takes commands in between, and lets the console go with the last of them', async () => {
    const over = bmc();
    const console = expectDone(await over.console.openSerial()).value;
    expect(expectDone(await over.power.get()).value.state).toBe('off');
    expect(await statusByIpmitool()).toBe('01 01 00');
    await console.sendBreak();
    const closed = once(console, 'close');
    console.destroy();
    await closed;
    expect(await statusByIpmitool()).toBe('01 00 00');
  });

  it('says that ipmitool has the console, and takes it over when told to', async () => {
    const other = await ipmitoolConsole();
    try {
      const over = bmc();
      const refused = expectFailed(await over.console.openSerial());
      expect(refused.error.code).toBe('conflict');
      expect(refused.error.message).toContain('in use by another session');
      const console = expectDone(await over.console.openSerial(true)).value;
      const shown = untilPrinted(console, 5);
      await machine.send(Buffer.from('hello'));
      expect((await shown).toString()).toBe('hello');
    } finally {
      await other.end();
    }
  });

  it('tells by `console status` what ipmitool reads, and ends a session of another by `console deactivate`', async () => {
    const over = bmc();
    const status = async () => expectDone((await findBmcCommand('console status')?.run(over, {})) ?? missing()).value;
    expect(await status()).toEqual({ active: false, activeSessions: 0, maximumSessions: 1 });
    const other = await ipmitoolConsole();
    try {
      expect(await statusByIpmitool()).toBe('01 01 00');
      expect(await status()).toEqual({ active: true, activeSessions: 1, maximumSessions: 1 });
      const ended = await findBmcCommand('console deactivate')?.run(over, {});
      expect(expectDone(ended ?? missing()).value).toBe('closed');
      expect(await statusByIpmitool()).toBe('01 00 00');
      expect(await status()).toMatchObject({ active: false });
    } finally {
      await other.end();
    }
  });
});

function missing(): never {
  throw new Error('the command is not in the table');
}

async function statusByIpmitool(): Promise<string> {
  return (await sim.ipmitool('raw', '0x06', '0x4a', '0x01')).trim();
}
