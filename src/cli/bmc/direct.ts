/** The tool without a server: opens each BMC, asks it, closes it. */
import { randomBytes } from 'node:crypto';
import {
  answerOf,
  answerOfError,
  type BmcAnswer,
  type BmcCommand,
  type BmcDependencies,
  type BmcSettings,
  createSystemClock,
  createUdpTransport,
  openBmc,
} from '../../bmc/index.ts';
import { readSecretFile } from '../secret-file.ts';
import { printable, type Terminal } from '../terminal.ts';
import { type ConnectionOptions, type Host, hostsOf } from './connection-options.ts';
import { passwordSource } from './password-sources.ts';
import { openStateFile, type StateFile, stateDirectory } from './state-file.ts';
import type { Target } from './sweep.ts';

export interface DirectTargets {
  targets: Target[];
  single: boolean;
  /** Writes down what was learned. */
  end(): Promise<void>;
}

export async function directTargets(
  terminal: Terminal,
  options: ConnectionOptions,
  command: BmcCommand,
  parameters: unknown,
): Promise<DirectTargets> {
  const { hosts, single } = hostsOf(options);
  const passwordOf = await passwordSource(terminal, options);
  const warn = (text: string): void => void terminal.stderr.write(`${printable(text)}\n`);
  const state = await openStateFile(stateDirectory(terminal.environment), warn);
  const kg = options.kgFile === undefined ? undefined : await readSecretFile(options.kgFile);
  const shared = {
    udp: createUdpTransport(),
    clock: createSystemClock(),
    randomBytes: (length: number) => randomBytes(length),
  };

  const targets = hosts.map((host) => ({
    name: host.name,
    async ask(signal: AbortSignal): Promise<BmcAnswer> {
      try {
        if (signal.aborted) throw signal.reason;
        const password = await passwordOf?.(host.name);
        const settings = settingsOf(host, options, password, kg, state);
        const identity = `${host.address}:${host.port ?? ''}`;
        if (options.retryCredential) state.forget(identity);
        const bmc = openBmc(settings, { ...shared, refusedCredentials: refusedBy(identity, state) });
        try {
          return answerOf(host.name, await command.run(bmc, parameters, { signal }));
        } finally {
          await bmc.close();
        }
      } catch (error) {
        return answerOfError(host.name, options.driver, error);
      }
    },
  }));
  return { targets, single, end: () => state.flush() };
}

/** Remembered by address: the same BMC may be written in several ways, and a name may come to mean another one. */
function refusedBy(identity: string, { refused }: StateFile): BmcDependencies['refusedCredentials'] {
  return {
    isRefused: (_, fingerprint) => refused.isRefused(identity, fingerprint),
    remember: (_, fingerprint) => refused.remember(identity, fingerprint),
  };
}

function settingsOf(
  host: Host,
  options: ConnectionOptions,
  password: string | undefined,
  kg: string | undefined,
  state: StateFile,
): BmcSettings {
  const { name, address, port } = host;
  const { driver, cipherSuites, mac, user: username = '' } = options;
  const login = { username, password: password ?? '', ...(kg === undefined ? {} : { kg }) };
  return {
    name,
    driver,
    address,
    ...(port === undefined ? {} : { port }),
    ...(mac === undefined ? {} : { macAddress: mac }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    ...(password === undefined
      ? {}
      : { credential: { name: `of user ${username}`, username, password, fingerprint: state.fingerprint(login) } }),
  };
}
