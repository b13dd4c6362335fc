/** The simulated BMC's serial over LAN, with ipmitool and FreeIPMI as the consoles: each in a terminal made by script(1). */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SimulatedBmc } from '../../index.ts';
import { startSimulatedBmc, systemClock } from '../../index.ts';

const login = { name: 'admin', password: 'correct-horse', privilege: 4 };

let sim: SimulatedBmc;
const mistakes: unknown[] = [];

beforeAll(async () => {
  sim = await startSimulatedBmc({
    address: '127.0.0.1',
    // ipmiconsole knows no other.
    port: 623,
    name: 'sol',
    powerOn: true,
    users: [login],
    clock: systemClock,
    random: (length) => randomBytes(length),
    onError: (error) => mistakes.push(error),
  });
});
afterAll(async () => {
  await sim.stop();
  expect(mistakes).toEqual([]);
});

/** Runs it in a terminal, and types each answer when its cue has come. Gives all that was shown. */
async function converse(command: string, steps: readonly (readonly [cue: string, typed: string])[]): Promise<string> {
  const child = spawn('script', ['-qfec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const left = [...steps];
  let shown = '';
  let from = 0;
  child.stdout.on('data', (data: Buffer) => {
    shown += data.toString();
    const [cue, typed] = left[0] ?? ['', ''];
    const at = shown.indexOf(cue, from);
    if (cue === '' || at < 0) return;
    from = at + cue.length;
    left.shift();
    child.stdin.write(typed);
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await once(child, 'exit');
  clearTimeout(deadline);
  expect(left, shown).toEqual([]);
  return shown;
}

const ipmitool = `ipmitool -I lanplus -C 17 -H 127.0.0.1 -U ${login.name} -P ${login.password}`;
const ipmiconsole = `ipmiconsole -h 127.0.0.1 -u ${login.name} -p ${login.password} -I 17`;
const clients = [
  {
    name: 'ipmitool',
    command: `${ipmitool} sol activate`,
    ready: 'operational',
    brk: '~B',
    sent: 'break]',
    end: '\r~.',
  },
  { name: 'ipmiconsole', command: ipmiconsole, ready: 'established]', brk: '&B', sent: 'break]', end: '&.' },
];

describe.each(clients)('$name', ({ command, ready, brk, sent, end }) => {
  it('types, sees what the machine prints, and sends a break', async () => {
    const before = sim.areas.sol.breaks;
    const shown = await converse(command, [
      [ready, 'echo 12 and 30\r'],
      ['\n12 and 30\r\nsim$ ', brk],
      [sent, 'echo done\r'],
      ['\ndone\r\nsim$ ', end],
    ]);
    expect(shown).toContain('echo 12 and 30');
    expect(sim.areas.sol.breaks).toBe(before + 1);
  });
});

describe('a bad line', () => {
  // ipmitool gives the console up where a packet is lost, and loses the rest of what is accepted in part.
  it('gets everything typed through although packets are accepted in part and lost', async () => {
    const line = 'abcdefghijklmnopqrstuvwxyz0123456789';
    sim.areas.sol.controls.acceptAtMost = 5;
    sim.faults.loss = 0.05;
    try {
      await converse(ipmiconsole, [
        ['established]', `echo ${line}\r`],
        [`\n${line}\r\nsim$ `, '&.'],
      ]);
    } finally {
      sim.areas.sol.controls.acceptAtMost = 255;
      sim.faults.loss = 0;
    }
  });
});

describe('two consoles', () => {
  it('refuses the second, and tells the first when ipmitool ends it', async () => {
    const first = converse(ipmiconsole, [['established]', 'echo here\r']]);
    await vi.waitUntil(async () => (await status()) === '01 01 00', { timeout: 10_000 });
    const second = await converse(`${ipmitool} sol activate`, []);
    expect(second).toContain('SOL payload already active on another session');
    expect(await converse(`${ipmitool} sol deactivate`, [])).not.toContain('Error');
    expect(await first).toContain('SOL session stolen');
    expect(await status()).toBe('01 00 00');
  });

  async function status(): Promise<string> {
    const shown = await converse(`${ipmitool} raw 0x06 0x4a 0x01`, []);
    return shown.trim();
  }
});
