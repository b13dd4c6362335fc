/**
 * Serial over LAN: 1 MB each way at once, through ipmi_sim with its serial side at 115200 baud, and through our simulated
 * BMC with and without loss, with the waits as they are in use. Run inside lab/enter: `lab/enter node bench/sol.ts`.
 */
import { randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import type { SerialConsole } from '../src/bmc/index.ts';
import { openBmc } from '../src/bmc/index.ts';
import { administrator, startIpmiSim } from '../src/bmc/testing/ipmi-sim.ts';
import { realDependencies } from '../src/bmc/testing/real-dependencies.ts';
import { expectDone } from '../src/bmc/testing/results.ts';
import { startSerialMachine } from '../src/bmc/testing/serial-machine.ts';
import { startSimulatedBmc, systemClock } from '../src/sim/index.ts';

const size = 1_000_000;

function bmcAt(port: number) {
  const credential = { name: 'bench', ...administrator, fingerprint: '1' };
  return openBmc({ name: 'bench', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

function untilPrinted(console: SerialConsole): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let printed = 0;
  return new Promise((resolve, reject) => {
    console.on('error', reject);
    console.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      printed += chunk.length;
      if (printed >= size) resolve(Buffer.concat(chunks));
    });
  });
}

function report(what: string, started: number, typed: boolean, printed: boolean): void {
  const seconds = (performance.now() - started) / 1000;
  const speed = Math.round(size / seconds / 1000);
  const equal = typed && printed ? 'no byte lost or doubled' : 'BYTES DIFFER';
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s, ${speed} kB/s each way, ${equal}\n`);
  if (!typed || !printed) process.exitCode = 1;
}

async function throughOurs(loss: number): Promise<void> {
  const typed = randomBytes(size);
  const printed = randomBytes(size);
  const received: Buffer[] = [];
  let length = 0;
  let at = 0;
  let arrived = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const machine = new Duplex({
    read() {
      if (at < size) this.push(printed.subarray(at, (at += 4096)));
    },
    write(chunk: Buffer, _encoding, done) {
      received.push(chunk);
      length += chunk.length;
      if (length >= size) arrived();
      done();
    },
  });
  const { username: name, password } = administrator;
  const sim = await startSimulatedBmc({
    address: '127.0.0.1',
    port: 0,
    name: 'bench',
    powerOn: true,
    users: [{ name, password, privilege: 4 }],
    clock: systemClock,
    random: (count) => randomBytes(count),
  });
  sim.areas.sol.attach(machine);
  const bmc = bmcAt(sim.port);
  const console = expectDone(await bmc.console.openSerial()).value;
  sim.faults.loss = loss;
  const started = performance.now();
  const shown = untilPrinted(console);
  console.write(typed);
  await all;
  const typedWell = Buffer.concat(received).equals(typed);
  report(`our simulator, ${loss * 100} % loss`, started, typedWell, (await shown).equals(printed));
  sim.faults.loss = 0;
  await bmc.close();
  await sim.stop();
}

async function throughIpmiSim(): Promise<void> {
  const typed = randomBytes(size);
  const printed = randomBytes(size);
  const machine = await startSerialMachine();
  const sim = await startIpmiSim({ serialPort: machine.port });
  const bmc = bmcAt(sim.port);
  const console = expectDone(await bmc.console.openSerial()).value;
  const started = performance.now();
  const shown = untilPrinted(console);
  console.write(typed);
  await Promise.all([machine.send(printed), machine.untilReceived(size)]);
  report('ipmi_sim at 115200 baud', started, machine.received().equals(typed), (await shown).equals(printed));
  await bmc.close();
  await sim.stop();
  await machine.close();
}

await throughOurs(0);
await throughOurs(0.05);
await throughIpmiSim();
