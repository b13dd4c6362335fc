/**
 * How often a power cycle runs whose answer is lost. IPMI has no at-most-once: who asks again, cycles again. Each program
 * speaks to a simulated BMC through a relay that passes everything on until Chassis Control has run, and nothing back from
 * then on. Run inside lab/enter: `lab/enter node bench/lost-answer.ts`.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { startSimulatedBmc, systemClock } from '../src/sim/index.ts';

const chassisControl = { networkFunction: 0x00, command: 0x02 };
const giveUpMs = 60_000;
const password = randomBytes(8).toString('hex');

const seen = { ran: 0, answersAreLost: false };
const bmc = await startSimulatedBmc({
  address: '127.0.0.1',
  port: 0,
  name: 'forgetful network',
  users: [{ name: 'admin', password, privilege: 4 }],
  clock: systemClock,
  random: (length) => randomBytes(length),
  powerOn: true,
  onRequest: ({ networkFunction, command }) => {
    if (networkFunction !== chassisControl.networkFunction || command !== chassisControl.command) return;
    seen.ran += 1;
    seen.answersAreLost = true;
  },
});

const near = createSocket('udp4');
const far = createSocket('udp4');
let client: RemoteInfo | undefined;
near.on('message', (packet, from) => {
  client = from;
  far.send(packet, bmc.port, '127.0.0.1');
});
far.on('message', (packet) => {
  if (!seen.answersAreLost && client !== undefined) near.send(packet, client.port, client.address);
});
near.bind(0, '127.0.0.1');
far.bind(0, '127.0.0.1');
await Promise.all([once(near, 'listening'), once(far, 'listening')]);
const port = String(near.address().port);

const freeipmi = ['-h', `127.0.0.1:${port}`, '-D', 'LAN_2_0', '-I', '3', '-u', 'admin', '-p', password, '-l', 'admin'];
const programs: [name: string, words: string[]][] = [
  [
    'ipmitool',
    ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', port, '-U', 'admin', '-P', password, 'power', 'cycle'],
  ],
  ['ipmipower', [...freeipmi, '--cycle']],
  ['ipmi-chassis', [...freeipmi, '--chassis-control=POWER-CYCLE']],
  [
    'athanor',
    ['bmc', '--host', '127.0.0.1', '--port', port, '--user', 'admin', '--password-env', 'BENCH', 'power', 'cycle'],
  ],
];
for (const [name, words] of programs) {
  seen.ran = 0;
  seen.answersAreLost = false;
  const command = name === 'athanor' ? resolve(import.meta.dirname, '../bin/athanor') : name;
  const started = performance.now();
  const child = spawn(command, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BENCH: password },
    timeout: giveUpMs,
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  await once(child, 'close');
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${name}: cycled ${seen.ran} times, ended after ${seconds} s: ${said.join('').split('\n')[0]}\n`,
  );
}
await bmc.stop();
near.close();
far.close();
