/** `sim`: simulated BMCs, to try things on, to see faults, and to measure many at once. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { AthanorError } from '../errors/index.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { expandNodeRanges } from './bmc/node-ranges.ts';
import type { Context } from './context.ts';
import { readSecretFile } from './secret-file.ts';
import type { Terminal } from './terminal.ts';

interface SimulateOptions {
  addresses: string[];
  port: string;
  username: string;
  passwordFile: string;
  suites: string;
  fault?: string;
  seed: string;
}

export function addSimCommands(program: Command, { terminal }: Context): void {
  const group = program.command('sim').description('simulated hardware, to try things on');
  group
    .command('bmc')
    .description('simulate BMCs that speak IPMI 2.0, until Ctrl-C')
    .requiredOption('--addresses <range...>', 'where, e.g. 127.1.0.[1-200]')
    .option('--port <number>', 'the UDP port of each', '623')
    .option('--username <name>', 'the administrator of each', 'admin')
    .requiredOption('--password-file <file>', 'the password of the administrator, in a file only you can read')
    .option('--suites <numbers>', 'the cipher suites they take: 3, 8, 12, 17', '3,17')
    .option('--fault <list>', 'what is wrong with them, e.g. loss=0.1,busy=0.05,power=ignored')
    .option('--seed <number>', 'what the faults’ choices are made from', '1')
    .action((options: SimulateOptions) => simulate(terminal, options));
}

async function simulate(terminal: Terminal, options: SimulateOptions): Promise<void> {
  const { parseFaults } = await import('../sim/index.ts');
  const addresses = expandNodeRanges(options.addresses);
  const port = wholeNumber('--port', options.port, 1, 65_535);
  const seed = wholeNumber('--seed', options.seed, 0, 0xffff_ffff);
  const cipherSuites = options.suites.split(',').map((text) => wholeNumber('--suites', text.trim(), 0, 255));
  for (const suite of cipherSuites) {
    if (![3, 8, 12, 17].includes(suite)) throw wrong('--suites', String(suite), 'Only 3, 8, 12 and 17 are spoken.');
  }
  const password = await readSecretFile(options.passwordFile);
  const faults = options.fault === undefined ? {} : parseFaults(options.fault);
  if (addresses.length > 1) keepSmall();
  const bmcs: SimulatedBmc[] = [];
  try {
    for (const [index, address] of addresses.entries()) {
      bmcs.push(
        await startOne(terminal, address, port, {
          users: [{ name: options.username, password }],
          cipherSuites,
          faults,
          seed: seed + index,
        }),
      );
    }
    const what = bmcs.length === 1 ? 'BMC' : 'BMCs';
    terminal.stdout.write(`${bmcs.length} simulated ${what} ready on port ${port}; Ctrl-C ends them.\n`);
    if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
  } finally {
    await Promise.all(bmcs.map((bmc) => bmc.stop()));
  }
}

/** A thousand BMCs answer in bursts, for which V8 would take 100 MB more for short-lived objects and never give it back. */
function keepSmall(): void {
  setFlagsFromString('--max-semi-space-size=2');
  setFlagsFromString('--semi-space-growth-factor=1');
}

type Settings = Pick<
  Parameters<typeof import('../sim/index.ts').startSimulatedBmc>[0],
  'users' | 'cipherSuites' | 'faults' | 'seed'
>;

async function startOne(terminal: Terminal, address: string, port: number, settings: Settings): Promise<SimulatedBmc> {
  const { startSimulatedBmc, systemClock } = await import('../sim/index.ts');
  try {
    return await startSimulatedBmc({
      ...settings,
      address,
      port,
      name: address,
      clock: systemClock,
      random: (length) => randomBytes(length),
      // The same BMC each time it is started, and another than its neighbours.
      guid: createHash('sha256').update(`${address} ${port}`).digest().subarray(0, 16),
      onError: (error) =>
        terminal.stderr.write(`${address}: ${error instanceof Error ? error.stack : String(error)}\n`),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong('--addresses', address, `Port ${port} of ${address} cannot be served: ${why}.`);
  }
}

function wholeNumber(field: string, text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw wrong(field, text, `This is a whole number from ${least} to ${most}.`);
}

function wrong(field: string, value: string, message: string): AthanorError {
  return new AthanorError('invalid-input', message, { field, value });
}
