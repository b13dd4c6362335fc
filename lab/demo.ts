/**
 * `make demo`: a rack of two real servers and Athanor beside it, from unboxed to `active`. Runs inside lab/enter.
 *
 *     --exit             end when the life is over; exit code 0 only if every stage was seen
 *     --json             JSON lines instead of text
 *     --sabotage WHAT    break a stage: image (swapped), bmc (deaf), tftp (off)
 *     --machines LIST    bios, uefi, or both (default bios,uefi)
 *     --patience SECONDS longest wait for one stage (default 180)
 */
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type LabMachineSpec, type Rack, scratchDirectory, startRack } from './index.ts';
import { type Athanor, createAthanor } from './life/athanor.ts';
import { writeConfiguration } from './life/configuration.ts';
import { watchEvents } from './life/event-watch.ts';
import { deployLife, type LifeOptions, liveUntilFree, StageMissing, type StageSeen } from './life/life.ts';
import { closeTftp, deafenBmc, parseSabotage, swapImage } from './life/sabotage.ts';
import { seconds, stageLine, timelineTable } from './life/timeline.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    sabotage: { type: 'string' },
    machines: { type: 'string', default: 'bios,uefi' },
    patience: { type: 'string', default: '180' },
  },
});
const sabotage = values.sabotage === undefined ? undefined : parseSabotage(values.sabotage);

/** The UEFI server's card brings no iPXE along, so that its loader really travels over TFTP. */
const specs: LabMachineSpec[] = values.machines.split(',').map((name) => {
  if (name !== 'bios' && name !== 'uefi') throw new Error(`--machines ${name}: use bios, uefi or both`);
  return name === 'bios'
    ? { name, firmware: 'bios', guidOrder: 'rfc4122' }
    : { name, firmware: 'uefi', nicRom: false, guidOrder: 'smbios' };
});

const begun = Date.now();
const seen: StageSeen[] = [];

function say(text: string, fields: Record<string, unknown> = {}): void {
  if (values.json) console.log(JSON.stringify({ time: new Date().toISOString(), text, ...fields }));
  else console.log(text);
}

function saw(stage: StageSeen): void {
  seen.push(stage);
  if (values.json)
    console.log(
      JSON.stringify({ ...stage, time: new Date(stage.time).toISOString(), seconds: (stage.time - begun) / 1000 }),
    );
  else console.log(stageLine(stage, begun));
}

interface Stage {
  rack: Rack;
  athanor: Athanor;
  image: { name: string; file: string; sha256: string };
}

/** What has begun and must end, the newest first. */
const begunParts: (() => Promise<void>)[] = [];

async function tidyUp(): Promise<void> {
  for (const end of begunParts.splice(0).reverse()) await end().catch(reportFailure);
}

async function setTheStage(directory: string, apiSocket: string): Promise<Stage> {
  say(`A rack of ${specs.length} QEMU servers with ipmi_sim BMCs, and Athanor on SQLite beside it.`);
  const rack = await startRack({ directory: path.join(directory, 'rack'), machines: specs });
  begunParts.push(rack.close);
  const imageFile = path.join(directory, 'lab-os.raw');
  await cp(path.join(root, 'build/lab-image/lab-os.raw'), imageFile);
  const digest = await readFile(path.join(root, 'build/lab-image/lab-os.raw.sha256'), 'utf8');
  const image = { name: 'lab-os', file: imageFile, sha256: digest.trim().split(/\s/)[0] ?? '' };
  const configurationFile = await writeConfiguration(rack, {
    directory,
    image,
    ramdiskDirectory: path.join(root, 'build/ramdisk'),
    apiSocket,
  });
  const athanor = createAthanor({ rack, configurationFile, directory, apiSocket });
  begunParts.push(athanor.stop);
  await athanor.start();
  await athanor.login();
  return { rack, athanor, image };
}

async function playLives({ rack, athanor, image }: Stage): Promise<void> {
  if (sabotage === 'tftp') await closeTftp(rack);
  const [first] = rack.machines;
  if (sabotage === 'bmc' && first !== undefined) deafenBmc(first);
  const watch = watchEvents(athanor);
  begunParts.push(() => Promise.resolve(watch.stop()));
  try {
    const lives = rack.machines.map(async (machine) => {
      const life: LifeOptions = {
        athanor,
        watch,
        machine,
        image,
        loaderByTftp: machine.firmware === 'uefi',
        onStage: saw,
        patienceMs: Number(values.patience) * 1000,
      };
      const machineId = await liveUntilFree(life);
      if (sabotage === 'image') await swapImageOnce(image.file);
      await deployLife(life, machineId);
    });
    const failures = (await Promise.allSettled(lives)).flatMap((life) =>
      life.status === 'rejected' ? [life.reason] : [],
    );
    if (failures.length > 0) throw new AggregateError(failures, 'not every stage was seen');
  } finally {
    watch.stop();
  }
}

let swapped: Promise<void> | undefined;
function swapImageOnce(file: string): Promise<void> {
  return (swapped ??= swapImage(file));
}

function reportFailure(problem: unknown): void {
  for (const one of problem instanceof AggregateError ? problem.errors : [problem]) {
    const at = one instanceof StageMissing ? { machine: one.machine, stage: one.stage } : {};
    say(`FAILED: ${one instanceof Error ? one.message : String(one)}`, { failed: true, ...at });
  }
}

function invite({ athanor, rack }: Stage): void {
  say(`
It stays up. In another terminal, from ${root}:

    export ATHANOR_LOGIN_FILE=${athanor.loginFile}
    bin/athanor machine list
    bin/athanor machine describe ${rack.machines[0]?.name ?? ''}
    bin/athanor operation list
    bin/athanor event tail --no-follow

Ctrl-C ends it and leaves nothing behind.`);
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());

/** The API's socket and the login must be reachable from outside the enclosure, whose /dev/shm is private. */
const outside = path.join(root, 'build/demo');

async function main(): Promise<number> {
  await rm(outside, { recursive: true, force: true });
  await mkdir(outside, { recursive: true, mode: 0o700 });
  const directory = scratchDirectory('demo-');
  try {
    const stage = await setTheStage(directory, path.join(outside, 'api.sock'));
    const ended = new Promise<'stopped'>((resolve) =>
      stopping.signal.addEventListener('abort', () => resolve('stopped')),
    );
    const played = await Promise.race([playLives(stage).then(() => 'played' as const), ended]);
    if (played === 'stopped') return 130;
    say(
      `\n${timelineTable(
        seen,
        specs.map((spec) => spec.name),
        begun,
      )}\n`,
      { stages: seen.length },
    );
    say(`Every stage was seen, by Athanor and by the rack's own witnesses, in ${seconds(Date.now() - begun)}.`, {
      ok: true,
    });
    if (values.exit) return 0;
    invite(stage);
    await ended;
    return 0;
  } catch (problem) {
    reportFailure(problem);
    return 1;
  } finally {
    await tidyUp();
    await rm(outside, { recursive: true, force: true });
  }
}

// Lives that were interrupted still wait for their events; all that had begun is gone by now.
process.exit(await main());
