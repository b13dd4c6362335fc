/** The table is the only list of what a BMC can be asked: each entry has its three doors, with the same parameters. */
import { Command } from 'commander';
import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApi, createTokens } from '../../api/index.ts';
import { loadBmcCommands, type BmcParameter, parametersOf } from '../../bmc/index.ts';
import { machine, planeOf } from '../api.fixture.ts';
import { quiet } from '../recovery.fixture.ts';
import { addGeneratedCommands, reservedOptions } from './command-tree.ts';

const bmcCommands = await loadBmcCommands();

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
});
let paths: z.infer<typeof documentSchema>['paths'];

beforeAll(async () => {
  const action = { bmc: '', driver: '', outcome: 'done', evidence: [] } as const;
  const bench = { calls: [], operations: [], action: { ...action, evidence: [] }, recovery: quiet(), machine };
  const api = await createApi({
    controlPlane: planeOf(bench, [], new Set()),
    tokens: createTokens([]),
    certificate: { certificate: '', key: '', fingerprint: '' },
    logger: pino({ level: 'silent' }),
    version: '0.1.0',
  });
  paths = documentSchema.parse((await api.app.inject('/openapi.json')).json()).paths;
  await api.close();
});

function treeOf(way: 'direct' | 'server'): Command {
  const group = new Command('bmc').description('what a BMC can be asked');
  addGeneratedCommands(group, way, () => Promise.resolve(), bmcCommands);
  return group;
}

function nodeOf(group: Command, name: string): Command {
  let node = group;
  for (const word of name.split(' ')) {
    const next = node.commands.find((sub) => sub.name() === word);
    if (next === undefined) throw new Error(`there is no athanor bmc ${name}`);
    node = next;
  }
  return node;
}

/** The options of the command's own; those that all commands have are hidden. */
function ownOptions(node: Command): string[] {
  const general = new Set(reservedOptions);
  return node.options
    .filter(({ hidden, long }) => !hidden && !general.has(long?.slice(2) ?? ''))
    .map(({ long = '' }) => long);
}

function expectedOptions(parameters: readonly BmcParameter[]): string[] {
  return parameters
    .filter(({ positional }) => !positional)
    .flatMap(({ option, secret, kind, preset, required }) => {
      if (secret) return [`--${option}-file`];
      if (kind !== 'flag') return [`--${option}`];
      return [...(preset === true ? [] : [`--${option}`]), ...(preset !== false || required ? [`--no-${option}`] : [])];
    });
}

const schemaOfObject = z.object({ properties: z.record(z.string(), z.unknown()).default({}) });

/** The names of the parameters that a route takes, from the OpenAPI document. */
function parametersOfRoute(operation: Record<string, unknown>): string[] {
  const queries = z.array(z.object({ in: z.string(), name: z.string() })).default([]);
  const inQuery = queries.parse(operation['parameters']).filter((one) => one.in === 'query');
  const body = z
    .object({ content: z.object({ 'application/json': z.object({ schema: schemaOfObject }) }) })
    .safeParse(operation['requestBody']);
  const inBody = body.success ? Object.keys(body.data.content['application/json'].schema.properties) : [];
  return [...inQuery.map(({ name }) => name), ...inBody];
}

describe.each(bmcCommands)('$name', (command) => {
  const parameters = parametersOf(command);

  it('is a command without a server and through one, with its parameters as words and options', () => {
    const words = parameters.filter(({ positional }) => positional).map(({ option }) => option);
    for (const way of ['direct', 'server'] as const) {
      const node = nodeOf(treeOf(way), command.name);
      const names = node.registeredArguments.map((argument) => argument.name().replace(/\.+$/, ''));
      expect(names).toEqual([...(way === 'server' ? ['bmcs'] : []), ...words]);
      const wanted = new Set(expectedOptions(parameters));
      expect(new Set(ownOptions(node).filter((long) => wanted.has(long)))).toEqual(wanted);
      expect(ownOptions(node).filter((long) => !wanted.has(long))).toEqual([]);
    }
  });

  it('is a route of the API with the same parameters', () => {
    const path = `/api/v1/bmcs/{bmc}/${command.name.replaceAll(' ', '/')}`;
    const method = command.effect === 'read' && command.secrets.length === 0 ? 'get' : 'post';
    const operation = paths[path]?.[method];
    expect(Object.keys(paths[path] ?? {})).toEqual([method]);
    expect(parametersOfRoute(operation ?? {}).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
  });

  it('is well formed: described, without a secret on a command line, without a word of another meaning', () => {
    expect(command.summary).toMatch(/^[^A-Z].*[^.]$|^[A-Z]{2}/);
    for (const { name, description, option, secret, positional, kind } of parameters) {
      expect(description, `${name} has a description`).not.toBe('');
      expect(reservedOptions, `${name} is a name of the command line's own`).not.toContain(option);
      expect(secret && positional, `${name} could be seen`).toBe(false);
      if (positional && kind === 'list') expect(command.positional.at(-1)).toBe(name);
    }
    expect(new Set(parameters.map(({ option }) => option)).size).toBe(parameters.length);
    for (const word of command.positional) expect(command.parameters.shape).toHaveProperty(word);
    for (const secret of command.secrets) expect(command.parameters.shape).toHaveProperty(secret);
    const flags = parameters.filter(({ kind, preset }) => kind === 'flag' && preset === false).map(({ name }) => name);
    expect(flags).toEqual(expect.arrayContaining([...command.disruptiveWith]));
  });
});

it('no two commands have one name', () => {
  expect(new Set(bmcCommands.map(({ name }) => name)).size).toBe(bmcCommands.length);
  expect(bmcCommands.map(({ name }) => name).filter((name) => /^(list|describe|console)$/.test(name))).toEqual([]);
});
