/** The BMCs that are swept: a process of OpenIPMI's `ipmi_sim` each, or all in one process of our simulator. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { encodePresencePing } from '../src/protocols/ipmi/index.ts';

export const administrator = { username: 'admin', password: 'bench-password' };

export interface Farm {
  name: string;
  /** How people write them: ranges of addresses, each within one third number. */
  ranges: string[];
  addresses: string[];
  /** Megabytes that its processes hold now. */
  megabytes(): number;
  stop(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '..');
const perRange = 250;

/** `count` addresses of 127.NETWORK.0.0/16. */
function addressesOf(network: number, count: number): { ranges: string[]; addresses: string[] } {
  const ranges: string[] = [];
  const addresses: string[] = [];
  for (let third = 0; addresses.length < count; third += 1) {
    const here = Math.min(perRange, count - addresses.length);
    ranges.push(`127.${network}.${third}.[1-${here}]`);
    for (let last = 1; last <= here; last += 1) addresses.push(`127.${network}.${third}.${last}`);
  }
  return { ranges, addresses };
}

export async function startIpmiSims(count: number, directory: string): Promise<Farm> {
  const { ranges, addresses } = addressesOf(2, count);
  const processes: ChildProcess[] = [];
  await mkdir(directory, { recursive: true });
  const emulation = path.join(directory, 'bare.emu');
  await writeFile(
    emulation,
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n',
  );
  for (const address of addresses) {
    const own = path.join(directory, address);
    await mkdir(path.join(own, 'state'), { recursive: true });
    await writeFile(path.join(own, 'lan.conf'), ipmiSimConfiguration(address));
    const files = ['-c', path.join(own, 'lan.conf'), '-f', emulation, '-s', path.join(own, 'state')];
    processes.push(spawn('ipmi_sim', [...files, '-n'], { stdio: 'ignore' }));
  }
  await untilAllPong(addresses);
  return { name: 'ipmi_sim', ranges, addresses, ...kept(processes) };
}

export async function startSimulatedBmcs(count: number, passwordFile: string): Promise<Farm> {
  const { ranges, addresses } = addressesOf(1, count);
  const options = ['--addresses', ...ranges, '--username', administrator.username, '--password-file', passwordFile];
  const process = spawn(path.join(root, 'bin/athanor'), ['sim', 'bmc', ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilAllPong(addresses);
  return { name: 'simulated', ranges, addresses, ...kept([process]) };
}

function ipmiSimConfiguration(address: string): string {
  const { username, password } = administrator;
  const allowed = ['callback', 'user', 'operator', 'admin'].map(
    (level) => `  allowed_auths_${level} none md2 md5 straight`,
  );
  return `name "sim"
set_working_mc 0x20
startlan 1
  addr ${address} 623
  priv_limit admin
${allowed.join('\n')}
  guid a123456789abcdefa123456789abcdef
endlan
user 1 true "" "" user 10 none md2 md5 straight
user 2 true "${username}" "${password}" admin 10 none md2 md5 straight
`;
}

function kept(processes: readonly ChildProcess[]): Pick<Farm, 'megabytes' | 'stop'> {
  return {
    megabytes: () =>
      processes.reduce((sum, { pid }) => {
        const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return sum + Number(kilobytes) / 1024;
      }, 0),
    async stop() {
      for (const process of processes) {
        if (process.exitCode !== null || process.signalCode !== null) continue;
        const ended = once(process, 'exit');
        process.kill('SIGKILL');
        await ended;
      }
    },
  };
}

/** Pings those that have not answered, a few times a second. */
async function untilAllPong(addresses: readonly string[]): Promise<void> {
  const silent = new Set(addresses);
  const socket = createSocket('udp4');
  socket.on('message', (_packet, { address }) => silent.delete(address));
  try {
    for (let round = 0; silent.size > 0; round += 1) {
      if (round > 300) throw new Error(`${silent.size} BMCs do not answer, the first is ${[...silent][0]}`);
      const ping = encodePresencePing({ tag: round & 0x7f });
      for (const address of silent) socket.send(ping, 623, address);
      await pause(100);
    }
  } finally {
    socket.close();
  }
}
