/** The options that say which BMCs are meant and how they are reached: before the command's words, or after them. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type BmcSettings, drivers } from '../../bmc/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { expandNodeRanges, isOneName } from './node-ranges.ts';

/** Of one option; `several` may be given again and again. */
interface Definition {
  flags: string;
  does: string;
  several?: true;
  choices?: readonly string[];
  parse?: (text: string) => unknown;
}

const definitions: readonly Definition[] = [
  { flags: '--host <host>', does: 'speak to this BMC (or range of BMCs) without a server', several: true },
  { flags: '--user <name>', does: 'the user on the BMC' },
  { flags: '--password-file <file>', does: 'its password from a file of mode 0600; - for standard input' },
  { flags: '--password-env <name>', does: 'its password from this variable of the environment' },
  { flags: '--password-command <command>', does: 'its password is what this prints; {host} is replaced' },
  { flags: '--kg-file <file>', does: "the BMC's K_g key from a file of mode 0600; 0x… for one in hexadecimal" },
  { flags: '--driver <driver>', does: 'how it is spoken to (ipmi)', choices: Object.keys(drivers) },
  { flags: '--port <number>', does: "the port, when it is not the driver's own", parse: portNumber },
  { flags: '--cipher-suites <numbers>', does: 'those allowed, the best first (17,3)', parse: suiteNumbers },
  { flags: '--quirk <name>', does: 'a workaround that this BMC needs', several: true },
  { flags: '--mac <address>', does: 'the NIC that the driver unmanaged wakes' },
  { flags: '--retry-credential', does: 'try a password although the BMC refused it before' },
  { flags: '--credential <name>', does: 'a login by its name in credentials.yaml' },
  { flags: '--parallel <number>', does: 'so many BMCs at once', parse: parallelNumber },
  { flags: '--yes', does: 'do not ask before something disruptive is done to several' },
];

/** The options' names as people write them, without the dashes. */
export const connectionOptionNames: readonly string[] = definitions.map(nameOf);

function nameOf({ flags }: Definition): string {
  return flags.replace(/^--/, '').replace(/ .*$/, '');
}

/** Adds them, but for those whose name the command uses for something of its own. */
export function addConnectionOptions(command: Command, taken: ReadonlySet<string>, hidden: boolean): void {
  for (const definition of definitions) {
    if (taken.has(nameOf(definition))) continue;
    const { flags, does, choices, several, parse } = definition;
    const option = new Option(flags, does).hideHelp(hidden);
    if (choices !== undefined) option.choices([...choices]);
    if (parse !== undefined) option.argParser(parse);
    if (several) option.argParser((text, before: unknown) => [...(Array.isArray(before) ? before : []), text]);
    command.addOption(option);
  }
}

const withoutValue = new Set(definitions.filter(({ flags }) => !flags.includes('<')).map(nameOf));

/** The first word that belongs to no option before it; undefined where that cannot be told. */
export function firstCommandWord(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) return word;
    const name = word.slice(2);
    if (word.includes('=') || withoutValue.has(name)) continue;
    if (!connectionOptionNames.includes(name)) return undefined;
    at += 1;
  }
  return undefined;
}

export interface ConnectionOptions {
  hosts: string[];
  user: string | undefined;
  passwordFile: string | undefined;
  passwordEnv: string | undefined;
  passwordCommand: string | undefined;
  kgFile: string | undefined;
  driver: BmcSettings['driver'];
  port: number | undefined;
  cipherSuites: number[] | undefined;
  quirks: string[];
  mac: string | undefined;
  retryCredential: boolean;
  credential: string | undefined;
  parallel: number | undefined;
  yes: boolean;
}

/** What was given to the command or to a command before it; the command's own parameters of the same name are none of it. */
export function connectionOptionsOf(command: Command, ownOptions: ReadonlySet<string>): ConnectionOptions {
  const given = new Map<string, unknown>();
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) {
      const name = option.name();
      if (at === command && ownOptions.has(name)) continue;
      const value: unknown = at.getOptionValue(option.attributeName());
      if (value === undefined) continue;
      const before = given.get(name);
      if (Array.isArray(value) && Array.isArray(before)) given.set(name, [...value, ...before]);
      else if (before === undefined) given.set(name, value);
    }
  }
  const text = (name: string): string | undefined => {
    const value = given.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const texts = (name: string): string[] => {
    const value = given.get(name);
    return Array.isArray(value) ? value.map(String) : [];
  };
  const number = (name: string): number | undefined => {
    const value = given.get(name);
    return typeof value === 'number' ? value : undefined;
  };
  const suites = given.get('cipher-suites');
  return {
    hosts: texts('host'),
    user: text('user'),
    passwordFile: text('password-file'),
    passwordEnv: text('password-env'),
    passwordCommand: text('password-command'),
    kgFile: text('kg-file'),
    driver: Object.values(drivers).find(({ name }) => name === text('driver'))?.name ?? 'ipmi',
    port: number('port'),
    cipherSuites: Array.isArray(suites) ? suites.map(Number) : undefined,
    quirks: texts('quirk'),
    mac: text('mac'),
    retryCredential: given.get('retry-credential') === true,
    credential: text('credential'),
    parallel: number('parallel'),
    yes: given.get('yes') === true,
  };
}

export interface Host {
  /** As the person wrote it; names it in all that is said. */
  name: string;
  address: string;
  port: number | undefined;
}

/** The hosts meant, and whether they were written as one plain name. */
export function hostsOf(options: Pick<ConnectionOptions, 'hosts' | 'port'>): { hosts: Host[]; single: boolean } {
  const hosts = expandNodeRanges(options.hosts).map((name) => parseHost(name, options.port));
  return { hosts, single: isOneName(options.hosts) };
}

/** A name, an IPv4 or IPv6 address; `:PORT` after a name or IPv4 address, `[IPv6]:PORT`. */
function parseHost(name: string, defaultPort: number | undefined): Host {
  const bracketed = /^\[([0-9a-fA-F:.%a-z]+)\](?::(\d{1,5}))?$/.exec(name);
  const plain = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(name);
  const [, address, port] = bracketed ?? plain ?? (/^[0-9a-fA-F:.%a-z]+$/.test(name) ? [name, name] : []);
  if (address === undefined || address.startsWith('-') || Number(port ?? 1) > 65_535 || port === '0') {
    throw new AthanorError('invalid-input', `"${name}" is neither a host name nor an address.`, {
      field: '--host',
      value: name,
      remedy: 'Write a name, an IPv4 or IPv6 address, or a range like r1n[01-48].',
    });
  }
  return { name, address, port: port === undefined ? defaultPort : Number(port) };
}

function portNumber(text: string): number {
  return boundedNumber(text, 65_535, 'a port from 1 to 65535');
}

function parallelNumber(text: string): number {
  return boundedNumber(text, 4096, 'a number from 1 to 4096');
}

function suiteNumbers(text: string): number[] {
  if (!/^\d{1,3}(,\d{1,3})*$/.test(text)) throw new InvalidArgumentError('Write numbers with commas: 17,3.');
  return text.split(',').map(Number);
}

function boundedNumber(text: string, most: number, what: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > most) throw new InvalidArgumentError(`It must be ${what}.`);
  return number;
}
