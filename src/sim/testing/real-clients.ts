/** The clients that people use, against a simulated BMC: what they print, and how they end. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { SimulatedBmc, SimulatedBmcOptions } from '../ipmi/simulated-bmc.ts';
import { startSimulatedBmc } from '../ipmi/simulated-bmc.ts';
import { systemClock } from '../ipmi/system-clock.ts';

export interface Login {
  username: string;
  password: string;
}

export const administrator: Login = { username: 'admin', password: 'correct-horse' };
export const operator: Login = { username: 'oper', password: 'oper-password' };
export const onlooker: Login = { username: 'guest', password: 'guest-password' };

export interface ClientRun {
  /** 0: it succeeded. */
  code: number;
  stdout: string;
  stderr: string;
}

interface ClientOptions {
  login?: Login;
  suite?: number;
  /** What else the client is given before its command. */
  extra?: readonly string[];
}

/** A BMC with an administrator, an operator and a user, on a port of its own; a mistake in the simulator is thrown. */
export function startTestBmc(options: Partial<SimulatedBmcOptions> = {}): Promise<SimulatedBmc> {
  return startSimulatedBmc({
    address: '127.0.0.1',
    port: 0,
    name: 'sim',
    users: [
      { name: administrator.username, password: administrator.password },
      { name: operator.username, password: operator.password, privilege: 3 },
      { name: onlooker.username, password: onlooker.password, privilege: 2 },
    ],
    clock: systemClock,
    random: (length) => randomBytes(length),
    onError(error) {
      throw error;
    },
    ...options,
  });
}

export function ipmitool(
  bmc: SimulatedBmc,
  command: readonly string[],
  options: ClientOptions = {},
): Promise<ClientRun> {
  const { login = administrator, suite = 17, extra = [] } = options;
  const where = ['-I', 'lanplus', '-C', String(suite), '-H', bmc.address, '-p', String(bmc.port)];
  return runClient('ipmitool', [...where, '-U', login.username, '-P', login.password, ...extra, ...command]);
}

/** @param tool one of FreeIPMI's, e.g. `ipmipower` */
export function freeipmi(
  bmc: SimulatedBmc,
  tool: string,
  command: readonly string[],
  options: ClientOptions = {},
): Promise<ClientRun> {
  const { login = administrator, suite = 17, extra = [] } = options;
  const where = ['-h', `${bmc.address}:${bmc.port}`, '-D', 'LAN_2_0', '-I', String(suite)];
  return runClient(tool, [...where, '-u', login.username, '-p', login.password, ...extra, ...command]);
}

export function runClient(program: string, words: readonly string[]): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: 40_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}
