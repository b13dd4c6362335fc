/** The tool without a server: opens each BMC, asks it, closes it. */
import { join } from 'node:path';
import {
  answerOf,
  answerOfError,
  type Bmc,
  type BmcAnswer,
  type BmcCommand,
  type BmcDependencies,
  type BmcSettings,
  createRandomBytes,
  createSystemClock,
  createUdpTransport,
  openBmc,
  type SdrCache,
} from '../../bmc/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { readSecretFile } from '../secret-file.ts';
import { printable, type Terminal } from '../terminal.ts';
import { type ConnectionOptions, type Host, hostsOf } from './connection-options.ts';
import { passwordSource } from './password-sources.ts';
import { openStateFile, type StateFile, stateDirectory } from './state-file.ts';
import type { Target } from './sweep.ts';

export interface Targets {
  targets: Target[];
  single: boolean;
  /** Writes down what was learned. */
  end(): Promise<void>;
}

/** The BMCs that were named, to be opened one by one. */
export interface DirectBmcs {
  hosts: Host[];
  single: boolean;
  /** Throws what is wrong with its settings or its password's source. */
  open(host: Host): Promise<Bmc>;
  end(): Promise<void>;
}

export async function directBmcs(terminal: Terminal, given: ConnectionOptions): Promise<DirectBmcs> {
  const options =
    given.credential === undefined
      ? given
      : await (await import('./named-credentials.ts')).withNamedCredential(given, terminal.environment);
  const { hosts, single } = hostsOf(options);
  const passwordOf = await passwordSource(terminal, options);
  const warn = (text: string): void => void terminal.stderr.write(`${printable(text)}\n`);
  const directory = stateDirectory(terminal.environment);
  const state = await openStateFile(directory, warn);
  const records = async (): Promise<SdrCache> => (await import('./sdr-files.ts')).sdrFiles(join(directory, 'sdr'));
  const kg = options.kgFile === undefined ? undefined : await readSecretFile(options.kgFile);
  const shared = {
    udp: createUdpTransport(),
    clock: createSystemClock(),
    randomBytes: createRandomBytes(),
  };
  return {
    hosts,
    single,
    async open(host) {
      const password = await passwordOf?.(host.name);
      const settings = settingsOf(host, options, password, kg, state);
      const identity = `${host.address}:${host.port ?? ''}`;
      if (options.retryCredential) state.forget(identity);
      const sdrCache: SdrCache = {
        get: async () => (await records()).get(identity),
        put: async (_, cached) => (await records()).put(identity, cached),
      };
      return openBmc(settings, { ...shared, refusedCredentials: refusedBy(identity, state), sdrCache });
    },
    end: () => state.flush(),
  };
}

export async function directTargets(
  terminal: Terminal,
  options: ConnectionOptions,
  command: BmcCommand,
  parameters: unknown,
): Promise<Targets> {
  const { hosts, single, open, end } = await directBmcs(terminal, options);
  const targets = hosts.map((host) => ({
    name: host.name,
    async ask(signal: AbortSignal): Promise<BmcAnswer> {
      try {
        if (signal.aborted) throw new AthanorError('aborted', `${host.name} was not asked any more.`);
        const bmc = await open(host);
        try {
          return withWayBack(answerOf(host.name, await command.run(bmc, parameters, { signal })));
        } finally {
          await bmc.close();
        }
      } catch (error) {
        return withWayBack(answerOfError(host.name, options.driver, error));
      }
    },
  }));
  return { targets, single, end };
}

/** Nothing here hears of it when the right password is set on the BMC instead. */
function withWayBack(answer: BmcAnswer): BmcAnswer {
  const { error } = answer;
  if (error?.code !== 'bmc-authentication' && error?.code !== 'bmc-unknown-user') return answer;
  const remedy = `${error.remedy} Where it was the BMC that was changed, add --retry-credential.`;
  return { ...answer, error: { ...error, remedy } };
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
  const { driver, cipherSuites, mac, quirks, user: username = '' } = options;
  const login = { username, password: password ?? '', ...(kg === undefined ? {} : { kg }) };
  return {
    name,
    driver,
    address,
    ...(port === undefined ? {} : { port }),
    ...(mac === undefined ? {} : { macAddress: mac }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    ...(quirks.length === 0 ? {} : { quirks }),
    ...(password === undefined
      ? {}
      : {
          credential: {
            name: `of user ${username}`,
            username,
            password,
            ...(kg === undefined ? {} : { systemKey: kg }),
            fingerprint: state.fingerprint(login),
          },
        }),
  };
}
