/** A real `ipmi_sim` (OpenIPMI) on loopback whose chassis program logs its calls and keeps power and boot device. */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodePresencePing } from '../../protocols/ipmi/index.ts';

const run = promisify(execFile);

export interface IpmiSim {
  port: number;
  /** Every `set` the chassis program was called with so far, e.g. `power 1`. */
  sets(): Promise<string[]>;
  /** What the machine's power is, for the next `get power`: as if somebody pressed the button. */
  setPower(on: boolean): Promise<void>;
  /** Makes the chassis program acknowledge without doing anything from now on. */
  ignoreSets(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Standard output of the real ipmitool with the administrator's credential. */
  ipmitool(...command: string[]): Promise<string>;
  /** Standard output and standard error of the same, for what it tells with `-v`. */
  ipmitoolTrace(...command: string[]): Promise<string>;
  /** Standard output of one of FreeIPMI's tools, e.g. `ipmi-sensors`, with the same credential. */
  freeipmi(tool: string, ...options: string[]): Promise<string>;
  stop(): Promise<void>;
}

export interface IpmiSimOptions {
  /** An emulation file; a bare BMC at 0x20 when left out. */
  emulation?: string;
  guid?: string;
  /** A TCP port of loopback that something listens on: the machine's serial side, for serial over LAN. */
  serialPort?: number;
}

export const administrator = { username: 'admin', password: 'correct-horse' };
export const operator = { username: 'oper', password: 'oper-password' };

const bareBmc = 'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n';

export async function startIpmiSim(options: IpmiSimOptions = {}): Promise<IpmiSim> {
  const directory = await mkdtemp(join(tmpdir(), 'bmc-peer-test-'));
  await mkdir(join(directory, 'state'));
  const port = await freeUdpPort();
  await writeFile(join(directory, 'power'), '0');
  await writeFile(join(directory, 'sets'), '');
  await writeFile(join(directory, 'chassis'), chassisProgram(directory), { mode: 0o755 });
  await writeFile(join(directory, 'bare.emu'), bareBmc);
  await writeFile(join(directory, 'lan.conf'), lanConfiguration(port, join(directory, 'chassis'), options));
  const emulation = options.emulation ?? join(directory, 'bare.emu');
  const process = spawn(
    'ipmi_sim',
    ['-c', join(directory, 'lan.conf'), '-f', emulation, '-s', join(directory, 'state'), '-n'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  await once(process, 'spawn');
  const output: string[] = [];
  for (const stream of [process.stdout, process.stderr]) stream.on('data', (data) => output.push(String(data)));
  await untilItPongs(port, process, output);
  return {
    port,
    async sets() {
      return (await readFile(join(directory, 'sets'), 'utf8')).split('\n').filter((line) => line !== '');
    },
    setPower: (on) => writeFile(join(directory, 'power'), on ? '1' : '0'),
    ignoreSets: () => writeFile(join(directory, 'ignore'), ''),
    pause: () => void process.kill('SIGSTOP'),
    resume: () => void process.kill('SIGCONT'),
    ipmitool: async (...command) => (await run('ipmitool', [...ipmitoolLogin(port), ...command])).stdout,
    async ipmitoolTrace(...command) {
      const { stdout, stderr } = await run('ipmitool', [...ipmitoolLogin(port), ...command], { maxBuffer: 1 << 24 });
      return stdout + stderr;
    },
    async freeipmi(tool, ...options) {
      const { username, password } = administrator;
      // FreeIPMI checks the privilege level in Open Session Response, which ipmi_sim fills in its own way.
      const login = ['-h', `127.0.0.1:${port}`, '-D', 'LAN_2_0', '-I', '3', '-W', 'opensesspriv', '-l', 'admin'];
      const caches = ['--sdr-cache-directory', directory];
      const usesSdr = ['ipmi-sensors', 'ipmi-sel', 'ipmi-fru'].includes(tool);
      const all = [...login, '-u', username, '-p', password, ...(usesSdr ? caches : []), ...options];
      return (await run(tool, all, { maxBuffer: 1 << 24 })).stdout;
    },
    async stop() {
      const ended = process.exitCode === null && process.signalCode === null ? once(process, 'exit') : undefined;
      process.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function ipmitoolLogin(port: number): string[] {
  const { username, password } = administrator;
  return ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(port), '-U', username, '-P', password];
}

/** OpenIPMI calls it as `PROGRAM get power|boot` and `PROGRAM set power|reset|shutdown|boot VALUE`. */
function chassisProgram(directory: string): string {
  return `#!/bin/sh
cd '${directory}' || exit 1
operation=$1
shift
if [ "$operation" = get ]; then
  for parameter in "$@"; do
    case $parameter in
      power) echo "power:$(cat power)" ;;
      boot) echo "boot:default" ;;
      *) echo "$parameter:0" ;;
    esac
  done
  exit 0
fi
[ "$operation" = set ] || exit 0
while [ $# -gt 0 ]; do
  echo "$1 $2" >> sets
  if [ ! -e ignore ]; then
    case $1 in
      power) printf %s "$2" > power ;;
      shutdown) printf 0 > power ;;
    esac
  fi
  shift 2
done
`;
}

function lanConfiguration(port: number, chassis: string, { guid, serialPort }: IpmiSimOptions): string {
  const levels = ['callback', 'user', 'operator', 'admin'];
  const authentications = levels.map((level) => `  allowed_auths_${level} none md2 md5 straight`).join('\n');
  const user = (number: number, name: string, password: string, level: string) =>
    `user ${number} true "${name}" "${password}" ${level} 10 none md2 md5 straight`;
  return `name "sim"
set_working_mc 0x20
startlan 1
  addr 127.0.0.1 ${port}
  priv_limit admin
${authentications}
  guid ${guid ?? 'a123456789abcdefa123456789abcdef'}
endlan
chassis_control "${chassis}"
${serialPort === undefined ? '' : `sol "tcp:127.0.0.1:${serialPort}" 115200`}
${user(1, '', '', 'user')}
${user(2, administrator.username, administrator.password, 'admin')}
${user(3, operator.username, operator.password, 'operator')}
`;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound));
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(() => closed()));
  return port;
}

/** Pings by ASF until the simulator answers; says what it printed when it never does. */
async function untilItPongs(port: number, process: ChildProcess, output: string[]): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((ready, failed) => {
      let pings = 0;
      const timer = setInterval(() => {
        pings += 1;
        if (pings > 200 || process.exitCode !== null) {
          clearInterval(timer);
          failed(new Error(`ipmi_sim does not answer on port ${port}: ${output.join('')}`));
        } else {
          socket.send(encodePresencePing({ tag: pings & 0xff }), port, '127.0.0.1');
        }
      }, 50);
      socket.once('message', () => {
        clearInterval(timer);
        ready();
      });
    });
  } finally {
    socket.close();
  }
}
