/**
 * `make bench-fleet`: the power status of many BMCs, asked by Athanor, by FreeIPMI's ipmipower and by ipmitool, in turns,
 * each as a process of its own with no session and no state from before. Runs inside lab/enter.
 *
 *     --runs N         sweeps by each (default 5)
 *     --ipmi-sims N    BMCs of OpenIPMI's ipmi_sim (default 200; 0: none)
 *     --simulated N    BMCs of Athanor's simulator (default 1000; 0: none)
 *     --without NAME   leave a contestant out: athanor, athanor-unaided, ipmipower, ipmitool
 *     -o json          one JSON document instead of a table
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { administrator, type Farm, startIpmiSims, startSimulatedBmcs } from './fleet-farms.ts';
import { median } from './report.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    'ipmi-sims': { type: 'string', default: '200' },
    simulated: { type: 'string', default: '1000' },
    without: { type: 'string', multiple: true, default: [] },
    output: { type: 'string', short: 'o', default: 'table' },
  },
});
const [runs, ipmiSims, simulated] = [values.runs, values['ipmi-sims'], values.simulated].map(Number);
if (runs === undefined || !(runs >= 1)) throw new Error(`--runs ${values.runs}: a number from 1`);

interface Sweep {
  wallSeconds: number;
  cpuSeconds: number;
  /** Of the largest process. */
  megabytes: number;
  correct: number;
}

/** `athanor` is told the suite, as the others are; `athanor-unaided` finds it out. */
type Contestant = 'athanor' | 'athanor-unaided' | 'ipmipower' | 'ipmitool';
const contestants = (['athanor', 'athanor-unaided', 'ipmipower', 'ipmitool'] as const).filter(
  (name) => !values.without.includes(name),
);

const directory = await mkdtemp(path.join(tmpdir(), 'bench-fleet-'));
const passwordFile = path.join(directory, 'password');
await writeFile(passwordFile, administrator.password, { mode: 0o600 });
const { username, password } = administrator;

const ipmitool = `ipmitool -I lanplus -C 3 -H HOST -U ${username} -f ${passwordFile} chassis power status`;

const login = `--user ${username} --password-file ${passwordFile} --driver ipmi`.split(' ');
const athanor = ({ ranges }: Farm, ...options: string[]) => ({
  words: [
    path.join(root, 'bin/athanor'),
    'bmc',
    '--host',
    ranges.join(','),
    ...login,
    ...options,
    'power',
    'status',
    '-o',
    'json',
  ],
  correct: /"state": ?"off"/g,
});
const freeipmi = `-D LAN_2_0 -I 3 -W opensesspriv -u ${username} -p ${password} --stat`.split(' ');
const parallel = `printf '%s\\n' "$@" | xargs -P 64 -I HOST ${ipmitool}`;

/** Every BMC is off, and whoever says so of one has it right. */
const sweeps: Record<Contestant, (farm: Farm) => { words: string[]; correct: RegExp }> = {
  athanor: (farm) => athanor(farm, '--cipher-suites', '3'),
  'athanor-unaided': (farm) => athanor(farm),
  ipmipower: ({ ranges }) => ({ words: ['ipmipower', '-h', ranges.join(','), ...freeipmi], correct: /: off$/gm }),
  ipmitool: ({ addresses }) => ({
    words: ['sh', '-c', parallel, '-', ...addresses],
    correct: /Chassis Power is off/g,
  }),
};

async function sweep(contestant: Contestant, farm: Farm, state: string): Promise<Sweep> {
  const { words, correct } = sweeps[contestant](farm);
  const measured = path.join(directory, 'time');
  const env = { ...process.env, XDG_STATE_HOME: state, NO_COLOR: '1' };
  const stdout = await new Promise<string>((resolve) => {
    const program = ['-o', measured, '-f', '%e %U %S %M', '--', ...words];
    execFile('/usr/bin/time', program, { env, maxBuffer: 1 << 28 }, (_error, output) => resolve(output));
  });
  const figures = (await readFile(measured, 'utf8')).trim().split('\n').at(-1) ?? '';
  const [wallSeconds = 0, user = 0, system = 0, kilobytes = 0] = figures.split(' ').map(Number);
  return {
    wallSeconds,
    cpuSeconds: user + system,
    megabytes: kilobytes / 1024,
    correct: [...stdout.matchAll(correct)].length,
  };
}

interface Result {
  farm: string;
  bmcs: number;
  farmMegabytes: number;
  contestants: Partial<Record<Contestant, Sweep>>;
  /** Athanor by the other: below 1 is less. */
  ratios: Record<string, { wall: number; cpu: number }>;
}

async function compare(farm: Farm): Promise<Result> {
  const all: Record<Contestant, Sweep[]> = { athanor: [], 'athanor-unaided': [], ipmipower: [], ipmitool: [] };
  for (let run = 0; run < (runs ?? 1); run += 1) {
    for (const contestant of contestants) {
      const state = await mkdtemp(path.join(directory, 'state-'));
      const figures = await sweep(contestant, farm, state);
      all[contestant].push(figures);
      const { wallSeconds, cpuSeconds, correct } = figures;
      process.stderr.write(
        `${farm.name} ${contestant}: ${wallSeconds} s, ${cpuSeconds.toFixed(2)} CPU-s, ${correct}\n`,
      );
    }
  }
  const middle = (contestant: Contestant): Sweep => ({
    wallSeconds: median(all[contestant].map((each) => each.wallSeconds)),
    cpuSeconds: median(all[contestant].map((each) => each.cpuSeconds)),
    megabytes: Math.max(...all[contestant].map((each) => each.megabytes)),
    correct: Math.min(...all[contestant].map((each) => each.correct)),
  });
  const medians: Result['contestants'] = Object.fromEntries(contestants.map((name) => [name, middle(name)]));
  const ours = medians.athanor;
  const ratios: Result['ratios'] = {};
  for (const other of ['ipmipower', 'ipmitool'] as const) {
    const theirs = medians[other];
    if (ours === undefined || theirs === undefined) continue;
    ratios[other] = { wall: ours.wallSeconds / theirs.wallSeconds, cpu: ours.cpuSeconds / theirs.cpuSeconds };
  }
  const { name, addresses } = farm;
  return { farm: name, bmcs: addresses.length, farmMegabytes: farm.megabytes(), contestants: medians, ratios };
}

function markdown(results: readonly Result[]): string {
  const rows = results.flatMap(({ farm, bmcs, contestants: medians, ratios }) =>
    Object.entries(medians).map(([name, { wallSeconds, cpuSeconds, megabytes, correct }]) => {
      const ratio = ratios[name];
      const compared = ratio === undefined ? ['', ''] : [ratio.wall.toFixed(2), ratio.cpu.toFixed(2)];
      const figures = [wallSeconds.toFixed(2), cpuSeconds.toFixed(2), megabytes.toFixed(0), `${correct} of ${bmcs}`];
      return `| ${[farm, name, ...figures, ...compared].join(' | ')} |\n`;
    }),
  );
  const head = [
    'BMCs | asked by | wall, s | CPU, s | largest process, MB | correct, worst run | athanor’s wall by its | CPU',
    '--- | --- | --- | --- | --- | --- | --- | ---',
  ];
  return [...head.map((row) => `| ${row} |\n`), ...rows].join('').trimEnd();
}

const farms: (() => Promise<Farm>)[] = [];
if (ipmiSims !== undefined && ipmiSims > 0) farms.push(() => startIpmiSims(ipmiSims, path.join(directory, 'sims')));
if (simulated !== undefined && simulated > 0) farms.push(() => startSimulatedBmcs(simulated, passwordFile));
try {
  const results: Result[] = [];
  for (const start of farms) {
    const farm = await start();
    try {
      results.push(await compare(farm));
    } finally {
      await farm.stop();
    }
  }
  console.log(values.output === 'json' ? JSON.stringify(results, undefined, 2) : markdown(results));
} finally {
  await rm(directory, { recursive: true, force: true });
}
