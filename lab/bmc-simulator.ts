/** One BMC: OpenIPMI's ipmi_sim as a process of its own, with its own address on the management switch. */
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { emulatorCommands } from './bmc-inventory.ts';
import { hasEnded, killAndWait, spawnInNamespace } from './command.ts';
import type { BmcFaults, GuidOrder } from './machine.ts';
import { rackNamespace } from './namespaces.ts';

export const bmcPort = 623;
export const bmcUser = 'admin';

export interface BmcOptions {
  directory: string;
  name: string;
  address: string;
  password: string;
  uuid: string;
  guidOrder: GuidOrder;
  serialNumber: string;
  chassisSocket: string;
  serialOverLan: { address: string; port: number };
}

/** The bytes of Get System GUID in the order this BMC likes. */
export function guidBytes(uuid: string, order: GuidOrder): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new Error(`not a UUID: ${uuid}`);
  if (order === 'ipmi') bytes.reverse();
  if (order === 'smbios') {
    bytes.subarray(0, 4).reverse();
    bytes.subarray(4, 6).reverse();
    bytes.subarray(6, 8).reverse();
  }
  return bytes;
}

const chassisProgram = fileURLToPath(new URL('chassis-control', import.meta.url));
const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** ipmi_lan(5). The password stands in this file only, which is readable by its owner alone. */
function lanConfiguration(options: BmcOptions): string {
  const levels = ['callback', 'user', 'operator', 'admin'];
  return [
    `name "${options.name}"`,
    'set_working_mc 0x20',
    'startlan 1',
    `  addr ${options.address} ${bmcPort}`,
    '  priv_limit admin',
    ...levels.map((level) => `  allowed_auths_${level} none md2 md5 straight`),
    `  guid ${guidBytes(options.uuid, options.guidOrder).toString('hex')}`,
    'endlan',
    `chassis_control "${shellQuoted(chassisProgram)} ${shellQuoted(options.chassisSocket)}"`,
    `sol "tcp:${options.serialOverLan.address}:${options.serialOverLan.port}" 115200 history=4000 historyfru=10`,
    'user 1 true "" "" user 10 none md2 md5 straight',
    `user 2 true "${bmcUser}" "${options.password}" admin 10 none md2 md5 straight`,
    '',
  ].join('\n');
}

export interface BmcSimulator extends BmcFaults {
  close: () => Promise<void>;
}

export async function startBmc(options: BmcOptions): Promise<BmcSimulator> {
  if (!/^[\x21-\x7e]{1,20}$/.test(options.password) || /["\\]/.test(options.password)) {
    throw new Error(`The BMC password of ${options.name} must be 1 to 20 printable ASCII characters without quotes.`);
  }
  const file = (name: string): string => path.join(options.directory, name);
  await mkdir(file('bmc-state'), { recursive: true, mode: 0o700 });
  await writeFile(file('bmc-lan.conf'), lanConfiguration(options), { mode: 0o600 });
  await writeFile(file('bmc.emu'), emulatorCommands(options.serialNumber), { mode: 0o600 });

  const start = async (): Promise<ChildProcess> => {
    const started = await spawnInNamespace(
      rackNamespace,
      ['ipmi_sim', '-c', file('bmc-lan.conf'), '-f', file('bmc.emu'), '-s', file('bmc-state'), '-n'],
      file('bmc.log'),
    );
    await answersPing(options.address, started, file('bmc.log'));
    return started;
  };
  let child = await start();
  return {
    stop: () => void child.kill('SIGSTOP'),
    continue: () => void child.kill('SIGCONT'),
    kill: () => killAndWait(child),
    restart: async () => {
      await killAndWait(child);
      child = await start();
    },
    close: () => killAndWait(child),
  };
}

/** RMCP presence ping (ASF 2.0 §3.2.4.2): sent until the pong comes, so that a started BMC is one that answers. */
async function answersPing(address: string, child: ChildProcess, logFile: string): Promise<void> {
  const ping = Buffer.from([0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe, 0x80, 0x00, 0x00, 0x00]);
  const socket = createSocket('udp4');
  const pong = new AbortController();
  socket.on('error', () => {
    // Refused while nothing listens yet.
  });
  socket.on('message', () => pong.abort());
  try {
    for (let attempt = 0; attempt < 400 && !pong.signal.aborted; attempt += 1) {
      if (hasEnded(child)) throw new Error(`ipmi_sim ended at once: see ${logFile}`);
      socket.send(ping, bmcPort, address);
      await delay(50, undefined, { signal: pong.signal }).catch(() => undefined);
    }
    if (!pong.signal.aborted) throw new Error(`ipmi_sim at ${address} does not answer: see ${logFile}`);
  } finally {
    socket.close();
  }
}
