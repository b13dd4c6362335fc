/**
 * `make demo`: a rack of two real servers and Athanor beside it, from unboxed to `active`; then both break at the same
 * time, and are healed by what their screens show. Runs inside lab/enter.
 *
 *     --exit             end when the life is over; exit code 0 only if every stage was seen
 *     --json             JSON lines instead of text
 *     --break WHAT       panic (default: by SysRq on BIOS, by NMI on UEFI), grub (BIOS stuck at its prompt), or none
 *     --sabotage WHAT    break a stage: image (swapped), bmc (deaf), tftp (off), rule (none), pattern (fits no screen)
 *     --machines LIST    bios, uefi, or both (default bios,uefi)
 *     --patience SECONDS longest wait for one stage (default 180)
 */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type LabMachineSpec, type Rack, scratchDirectory, startRack } from './index.ts';
import { type Athanor, createAthanor } from './life/athanor.ts';
import { breakNames } from './life/breakage.ts';
import { writeConfiguration } from './life/configuration.ts';
import { type EventWatch, watchEvents } from './life/event-watch.ts';
import { deployLife, type LifeOptions, liveUntilFree } from './life/life.ts';
import { healStages, lifeStages, StageMissing, type StageName, type StageSeen } from './life/stages.ts';
import { type HealReport, mostToActionMs } from './life/heal.ts';
import { playHeals, putRulesInForce, type SecondPart } from './life/second-part.ts';
import { closeTftp, deafenBmc, parseSabotage, swapImage } from './life/sabotage.ts';
import { seconds, stageLine, timelineTable } from './life/timeline.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    break: { type: 'string', default: 'panic' },
    sabotage: { type: 'string' },
    machines: { type: 'string', default: 'bios,uefi' },
    patience: { type: 'string', default: '180' },
  },
});
const sabotage = values.sabotage === undefined ? undefined : parseSabotage(values.sabotage);
const breakName = [...breakNames, 'none' as const].find((name) => name === values.break);
if (breakName === undefined) throw new Error(`--break ${values.break}: use one of ${breakNames.join(', ')} or none`);

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
  directory: string;
  watch: EventWatch;
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
  const watch = watchEvents(athanor);
  begunParts.push(() => Promise.resolve(watch.stop()));
  return { directory, watch, rack, athanor, image };
}

const patienceMs = Number(values.patience) * 1000;

async function playLives({ rack, athanor, watch, image }: Stage): Promise<void> {
  if (sabotage === 'tftp') await closeTftp(rack);
  const [first] = rack.machines;
  if (sabotage === 'bmc' && first !== undefined) deafenBmc(first);
  const lives = rack.machines.map(async (machine) => {
    const loaderByTftp = machine.firmware === 'uefi';
    const life: LifeOptions = { athanor, watch, machine, image, loaderByTftp, onStage: saw, patienceMs };
    const machineId = await liveUntilFree(life);
    if (sabotage === 'image') await swapImageOnce(image.file);
    await deployLife(life, machineId);
  });
  const failures = (await Promise.allSettled(lives)).flatMap((life) =>
    life.status === 'rejected' ? [life.reason] : [],
  );
  if (failures.length > 0) throw new AggregateError(failures, 'not every stage was seen');
}

/** Both servers break at the same time, and nobody touches them. */
async function playSecondPart({ directory, athanor, watch, rack: { machines } }: Stage): Promise<void> {
  if (breakName === 'none' || breakName === undefined) return;
  const part: SecondPart = { athanor, watch, machines, breakName, sabotage, directory, onStage: saw, patienceMs };
  await putRulesInForce(part);
  say('\nNow they break. Nobody touches them.');
  const reports = await playHeals(part);
  const broken = seen.filter(({ stage }) => stage === 'broken').map(({ time }) => time);
  showTable(
    healStages.filter((stage) => stage !== 'heard'),
    Math.min(...broken),
  );
  for (const report of reports) sayHealed(report);
}

function sayHealed({ machine, incident, faultToHealedMs, detectionToActionMs, comparedWith }: HealReport): void {
  const most = seconds(mostToActionMs);
  say(
    `${machine}: from fault to healed: ${seconds(faultToHealedMs)}; from detection to first action: ` +
      `${(detectionToActionMs / 1000).toFixed(2)} s (at most ${most}); what was read is what ${comparedWith} holds.`,
    { machine, incident: incident.id, faultToHealedMs, detectionToActionMs, comparedWith },
  );
}

function showTable(stages: readonly StageName[], since: number): void {
  const machines = specs.map(({ name }) => name);
  say(`\n${timelineTable(stages, seen, machines, since)}\n`, { stages: seen.length });
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
    bin/athanor machine screen ${rack.machines[0]?.name ?? ''}
    bin/athanor incident list --all
    bin/athanor operation list
    bin/athanor event tail --no-follow

Ctrl-C ends it and leaves nothing behind.`);
}

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());

/**
 * The API's socket and the login must be reachable from outside the enclosure, whose /dev/shm is private. Each demo has a
 * folder of its own: two may run at the same time.
 */
async function folderOutside(): Promise<string> {
  const parent = path.join(root, 'build');
  await mkdir(parent, { recursive: true });
  return await mkdtemp(path.join(parent, 'demo-'));
}

async function main(): Promise<number> {
  const outside = await folderOutside();
  const directory = scratchDirectory('demo-');
  try {
    const stage = await setTheStage(directory, path.join(outside, 'api.sock'));
    const ended = new Promise<'stopped'>((resolve) =>
      stopping.signal.addEventListener('abort', () => resolve('stopped')),
    );
    const play = async (): Promise<'played'> => {
      await playLives(stage);
      showTable(lifeStages, begun);
      await playSecondPart(stage);
      return 'played';
    };
    const played = await Promise.race([play(), ended]);
    if (played === 'stopped') return 130;
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
