/** Commands of the table on a simulated BMC, beside what ipmitool and FreeIPMI print of the same BMC. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { SimulatedBmc } from '../../sim/index.ts';
import { findBmcCommand } from '../commands/table.ts';
import type { Bmc } from '../index.ts';
import { openBmc } from '../index.ts';
import { realDependencies } from './real-dependencies.ts';
import { expectDone } from './results.ts';

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** What the simulator's room offers to tests: `sim/testing/real-clients.ts`. */
export interface RealClients {
  administrator: { username: string; password: string };
  startTestBmc(options: { powerOn: boolean }): Promise<SimulatedBmc>;
  ipmitool(bmc: SimulatedBmc, command: readonly string[]): Promise<Run>;
  freeipmi(bmc: SimulatedBmc, tool: string, command: readonly string[]): Promise<Run>;
}

export interface CommandBench {
  readonly sim: SimulatedBmc;
  readonly bmc: Bmc;
  /** The command of the table, its value checked by the table's own schema. */
  value(name: string, parameters?: Record<string, unknown>, on?: Bmc): Promise<unknown>;
  /** `name : value` lines of a client. */
  printed(program: string, ...words: string[]): Promise<Record<string, string>>;
  /** `Key   Value` lines of a section of ipmi-config. */
  checkedOut(category: string, section: string): Promise<Record<string, string>>;
  /** As `ipmi-config --commit --key-pair`. */
  commit(category: string, pairs: Readonly<Record<string, string>>): Promise<void>;
  /** What `ipmitool raw` prints. */
  raw(...words: string[]): Promise<string>;
}

export function openAt(port: number, login: { username: string; password: string }): Bmc {
  const credential = { name: 'sim', ...login, fingerprint: 'one' };
  return openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

/** One for all tests of a file. */
export function useCommandBench({ administrator, startTestBmc, ipmitool, freeipmi }: RealClients): CommandBench {
  let sim: SimulatedBmc | undefined;
  let bmc: Bmc | undefined;
  beforeAll(async () => {
    sim = await startTestBmc({ powerOn: true });
    bmc = openAt(sim.port, administrator);
  });
  afterAll(async () => {
    await bmc?.close();
    await sim?.stop();
  });
  const needed = <Value>(value: Value | undefined): Value => {
    if (value === undefined) throw new Error('only inside tests');
    return value;
  };
  const bench: CommandBench = {
    get sim() {
      return needed(sim);
    },
    get bmc() {
      return needed(bmc);
    },
    async value(name, parameters = {}, on = bench.bmc) {
      const command = findBmcCommand(name);
      if (command === undefined) throw new Error(`no command ${name}`);
      const done = expectDone(await command.run(on, parameters)).value;
      expect(command.present(done).line).not.toBe('');
      return command.value.parse(done);
    },
    async printed(program, ...words) {
      const { code, stdout, stderr } =
        program === 'ipmitool' ? await ipmitool(bench.sim, words) : await freeipmi(bench.sim, program, words);
      if (code !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
      return linesOf(stdout, /^\s*([^:]+?)\s*:\s*(.*?)\s*$/);
    },
    async checkedOut(category, section) {
      const words = ['--checkout', `--category=${category}`, `--section=${section}`];
      const { code, stdout, stderr } = await freeipmi(bench.sim, 'ipmi-config', words);
      if (code !== 0) throw new Error(`ipmi-config ${section}: ${stderr}`);
      return linesOf(stdout, /^\s+(\w+)\s+(\S.*)$/);
    },
    async commit(category, pairs) {
      const keys = Object.entries(pairs).map(([key, wanted]) => `--key-pair=${key}=${wanted}`);
      const words = ['--commit', `--category=${category}`, ...keys];
      const { code, stdout, stderr } = await freeipmi(bench.sim, 'ipmi-config', words);
      if (code !== 0) throw new Error(`ipmi-config ${keys.join(' ')}: ${stdout}${stderr}`);
    },
    raw: async (...words) => (await ipmitool(bench.sim, ['raw', ...words])).stdout.trim(),
  };
  return bench;
}

function linesOf(text: string, pattern: RegExp): Record<string, string> {
  const lines = text.split('\n').map((line) => pattern.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])));
}
