/** The commands of the table as a tree of words for the command line: without a server, and through one. */
import { type Command, Option } from 'commander';
import { type BmcCommand, type BmcParameter, parametersOf } from '../../bmc/index.ts';
import { addConnectionOptions } from './connection-options.ts';
import { bmcFormats } from './print-answers.ts';

/** `direct`: hosts are given by --host; `server`: the first word names BMCs that a server has declared. */
export type Way = 'direct' | 'server';

export interface Asked {
  command: BmcCommand;
  way: Way;
  /** Where it was given: its options, and those of the commands before it. */
  node: Command;
  /** The words after the command's own, without the BMCs. */
  words: readonly (string | readonly string[])[];
  /** By parameter, as given. */
  options: ReadonlyMap<string, string | readonly string[] | boolean>;
  /** Secret parameter → the file it is to be read from. */
  secretFiles: ReadonlyMap<string, string>;
  bmcs: string | undefined;
}

/** Options that every command has, so that no parameter may be called like one. */
export const reservedOptions: readonly string[] = [
  'output',
  'yes',
  'parallel',
  'help',
  'host',
  'login-file',
  'version',
];

export function addGeneratedCommands(
  group: Command,
  way: Way,
  run: (asked: Asked) => Promise<void>,
  commands: readonly BmcCommand[],
): void {
  const nodes = new Map<string, Command>([['', group]]);
  group.enablePositionalOptions();
  addConnectionOptions(group, new Set(), false);
  group.addOption(outputOption());
  const nodeAt = (words: readonly string[]): Command => {
    const path = words.join(' ');
    const known = nodes.get(path);
    if (known !== undefined) return known;
    const parent = nodeAt(words.slice(0, -1));
    const word = words.at(-1) ?? '';
    const node = parent.commands.find((sub) => sub.name() === word) ?? parent.command(word).enablePositionalOptions();
    nodes.set(path, node);
    return node;
  };
  for (const command of commands) equip(nodeAt(command.name.split(' ')), command, way, run);
  for (const node of nodes.values()) {
    if (node.description() !== '') continue;
    node.description(node.commands.map((sub) => sub.name()).join(', '));
    addConnectionOptions(node, new Set(), true);
    node.addOption(outputOption().hideHelp());
  }
}

function equip(node: Command, command: BmcCommand, way: Way, run: (asked: Asked) => Promise<void>): void {
  const parameters = parametersOf(command);
  node.description(command.summary);
  if (way === 'server') node.argument('<bmcs>', 'declared BMCs: a name, a list, or a range like r1n[01-48]');
  const words = parameters.filter(({ positional }) => positional);
  for (const parameter of words) {
    const dots = parameter.kind === 'list' ? '...' : '';
    const name = `${parameter.option}${dots}`;
    const argument = node.createArgument(parameter.required ? `<${name}>` : `[${name}]`, textOf(parameter));
    if (parameter.choices.length > 0) argument.choices([...parameter.choices]);
    node.addArgument(argument);
  }
  const optional = parameters.filter(({ positional }) => !positional);
  for (const parameter of optional) addParameterOption(node, parameter);
  node.addOption(outputOption().default('table'));
  const names = optionNamesOf(optional);
  addConnectionOptions(node, names, true);
  node.action(async (...given: unknown[]) => {
    takeOutputOfGroups(node);
    const texts = given.slice(0, -2).map(asTexts);
    const bmcs = way === 'server' ? texts.shift() : undefined;
    const options = new Map<string, string | readonly string[] | boolean>();
    const secretFiles = new Map<string, string>();
    for (const { name, option, secret } of optional) {
      const value = ownValue(node, secret ? `${option}-file` : option, names);
      if (value === undefined) continue;
      if (!secret) options.set(name, value);
      else if (typeof value === 'string') secretFiles.set(name, value);
    }
    const kept = texts.flatMap((text) => (text === undefined ? [] : [text]));
    await run({
      command,
      way,
      node,
      words: kept,
      options,
      secretFiles,
      bmcs: typeof bmcs === 'string' ? bmcs : undefined,
    });
  });
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices([...bmcFormats]);
}

/** The format may be given before the command's words, as everything else that is not the command's own. */
function takeOutputOfGroups(node: Command): void {
  for (let at: Command | null = node; at !== null; at = at.parent) {
    if (at.getOptionValueSource('output') !== 'cli') continue;
    node.setOptionValueWithSource('output', at.getOptionValue('output'), 'cli');
    return;
  }
}

/** The options' names a command has for its parameters, as connection options could have them too. */
export function optionNamesOf(parameters: readonly BmcParameter[]): Set<string> {
  return new Set(parameters.map(({ option, secret }) => (secret ? `${option}-file` : option)));
}

function addParameterOption(node: Command, parameter: BmcParameter): void {
  const { option, kind, secret, required, preset, choices } = parameter;
  const text = textOf(parameter);
  if (secret) {
    node.addOption(new Option(`--${option}-file <file>`, `${text}, from a file of mode 0600; - for standard input`));
    return;
  }
  if (kind === 'flag') {
    if (preset !== true) node.addOption(new Option(`--${option}`, text));
    if (preset !== false || required)
      node.addOption(new Option(`--no-${option}`, preset === true ? `not: ${text}` : ''));
    return;
  }
  const made = new Option(`--${option} <${choices.length > 0 ? 'choice' : 'value'}>`, text);
  if (choices.length > 0 && kind !== 'list') made.choices([...choices]);
  if (kind === 'list') made.argParser((word, before: unknown) => [...(Array.isArray(before) ? before : []), word]);
  node.addOption(made.makeOptionMandatory(required));
}

function textOf({ description, preset, choices, kind }: BmcParameter): string {
  const listed = kind === 'list' && choices.length > 0 ? ` (${choices.join(', ')})` : '';
  const plain = typeof preset === 'string' || typeof preset === 'number';
  return `${description}${listed}${plain ? ` (${preset} when left out)` : ''}`;
}

/**
 * What was given for it on the command line; presets are the table's own business. `--no-x` means the parameter `no-x`
 * where there is one, and else that `x` is not wanted.
 */
function ownValue(
  node: Command,
  option: string,
  names: ReadonlySet<string>,
): string | readonly string[] | boolean | undefined {
  const long = [`--${option}`, `--no-${option}`];
  const found = node.options.find((one) => long.includes(one.long ?? ''));
  if (found === undefined || node.getOptionValueSource(found.attributeName()) !== 'cli') return undefined;
  const value: unknown = node.getOptionValue(found.attributeName());
  if (typeof value !== 'boolean') return asTexts(value);
  if (option.startsWith('no-')) return value ? undefined : true;
  return !value && names.has(`no-${option}`) ? undefined : value;
}

function asTexts(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}
