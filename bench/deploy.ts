/**
 * `make bench`: from power-on to the installed system, by Athanor and by dnsmasq + busybox httpd + wget + dd, in the same
 * rack, in turns. Runs inside lab/enter. What is compared and what is not: README.md.
 *
 *     --runs N            runs of each (default 3)
 *     --machines LIST     of bios, uefi, uefi-norom (default bios,uefi)
 *     --kernel FLAVOUR    that both boot: cloud-amd64 (default, as in the demo) or amd64
 *     -o json             one JSON document instead of tables
 */
import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ipmitool, type LabMachine, type LabMachineSpec, scratchDirectory, startRack } from '../lab/index.ts';
import { sha256OfFile } from '../lab/life/life.ts';
import { type Contestant, type Ground, prepareAthanor, preparePeer } from './contestants.ts';
import { type Milestone, watchMilestones } from './milestones.ts';
import { compare, type Run, table } from './report.ts';

const root = path.resolve(import.meta.dirname, '..');
const timeoutMs = 60_000;
const kinds: Record<string, LabMachineSpec> = {
  bios: { name: 'bios', firmware: 'bios' },
  uefi: { name: 'uefi', firmware: 'uefi' },
  'uefi-norom': { name: 'uefi-norom', firmware: 'uefi', nicRom: false },
};

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    machines: { type: 'string', default: 'bios,uefi' },
    kernel: { type: 'string', default: 'cloud-amd64' },
    output: { type: 'string', short: 'o', default: 'table' },
  },
});
const specs = values.machines.split(',').map((kind) => {
  const spec = kinds[kind];
  if (spec === undefined) throw new Error(`--machines ${kind}: use ${Object.keys(kinds).join(', ')}`);
  return spec;
});
const rounds = Number(values.runs);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--runs ${values.runs}: a number from 1`);

/** Progress goes to standard error, so that `-o json` stays one document. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function race(ground: Ground, contestant: Contestant, machine: LabMachine): Promise<Run> {
  const disk = await stat(machine.diskFile);
  await rm(machine.diskFile);
  await writeFile(machine.diskFile, '', { mode: 0o600 });
  await truncate(machine.diskFile, disk.size);
  await contestant.start();
  try {
    const from = Buffer.byteLength(await machine.serialLog(), 'latin1');
    const cpuBefore = contestant.cpuSeconds();
    const asked = Date.now();
    const sightings = watchMilestones(machine, contestant.marks, { from, timeoutMs });
    const [seen] = await Promise.all([sightings, contestant.deploy(machine)]);
    const serviceCpu = contestant.cpuSeconds() - cpuBefore;
    const powerOn = (await machine.chassisLog()).findLast(
      ({ operation, what, value }) => operation === 'set' && what === 'power' && value === '1',
    );
    if (powerOn === undefined || powerOn.time < asked) throw new Error('the chassis was not told to power on');
    if ((await machine.diskSha256((await stat(ground.image.file)).size)) !== ground.image.sha256)
      throw new Error(`${contestant.name}: the disk of ${machine.name} does not hold the image`);
    await contestant.finished(machine);
    const collected = (pick: (sighting: (typeof seen)[number]) => number): Record<Milestone, number> =>
      Object.fromEntries(seen.map((one) => [one.milestone, pick(one)])) as Record<Milestone, number>;
    return {
      machine: machine.name,
      contestant: contestant.name,
      commandToPowerOn: (powerOn.time - asked) / 1000,
      seconds: collected(({ time }) => (time - powerOn.time) / 1000),
      cpu: collected(({ cpu }) => cpu),
      serviceCpu,
    };
  } finally {
    await ipmitool(ground.rack, machine, 'power', 'off');
    await machine.waitForPowerOff({ timeoutMs: 30_000 });
    await contestant.stop();
  }
}

async function main(): Promise<void> {
  const directory = scratchDirectory('bench-');
  const imageFile = path.join(root, 'build/lab-image/lab-os.raw');
  const rack = await startRack({ directory: path.join(directory, 'rack'), machines: specs });
  const ground: Ground = {
    rack,
    directory,
    image: { name: 'lab-os', file: imageFile, sha256: await sha256OfFile(imageFile) },
    ramdiskDirectory: path.join(root, 'build/ramdisk'),
    kernel: values.kernel,
    packageCache: path.join(root, '.cache/debian'),
  };
  try {
    say('Athanor meets the machines; this is not measured.');
    const contestants = [await prepareAthanor(ground), await preparePeer(ground)];
    const runs: Run[] = [];
    for (let round = 1; round <= rounds; round += 1)
      for (const machine of rack.machines)
        for (const contestant of contestants) {
          const run = await race(ground, contestant, machine);
          runs.push(run);
          say(`${round}/${rounds} ${machine.name} ${contestant.name}: ${run.seconds.up.toFixed(2)} s`);
        }
    const comparisons = specs.map(({ name }) => compare(name, runs));
    if (values.output === 'json') console.log(JSON.stringify({ comparisons, runs }, undefined, 2));
    else console.log(specs.map(({ name }) => `\n${table(name, runs)}`).join('\n'));
  } finally {
    await rack.close();
  }
}

await main();
