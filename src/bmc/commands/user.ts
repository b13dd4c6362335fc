/** The BMC's own accounts. */
import { z } from 'zod';
import type { BmcUser, UserOptions } from '../capabilities/users.ts';
import { bmcRoles } from '../capabilities/users.ts';
import type { CallOptions } from '../result.ts';
import { channelNumber } from './channel.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const role = z.enum(bmcRoles);

const user = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean().optional(),
  role,
  remoteLogin: z.boolean().describe('may log in on this channel'),
  callbackOnly: z.boolean(),
  linkLogin: z.boolean(),
  serialConsole: z.boolean().optional().describe('may open the serial console'),
  fixedName: z.boolean(),
  free: z.boolean(),
  own: z.boolean().describe('the account that is logged in'),
});

const users = z.object({
  channel: z.number().optional(),
  maximum: z.number(),
  enabledCount: z.number(),
  fixedNameCount: z.number(),
  users: z.array(user),
});

const passwordTest = z.object({
  id: z.string(),
  matches: z.boolean(),
  by: z.enum(['test by the BMC', 'login']),
  sizeBytes: z.union([z.literal(16), z.literal(20)]).optional(),
});

const id = z.union([z.string(), z.number()]).transform(String).describe("the user's number, as `user list` shows it");
const place = {
  channel: channelNumber.optional().describe('where role and login hold; the channel asked through when left out'),
};
const forced = {
  ...place,
  force: z.boolean().default(false).describe('even when it is the account that is logged in'),
};
const password = z.string().describe('at most 20 bytes; with over 16 only IPMI 2.0 can log in');

export const userCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'user list',
    summary: 'list the accounts, and how many there can be',
    effect: 'read',
    parameters: z.object({ ...place, all: z.boolean().default(false).describe('free slots too') }),
    value: users,
    async run(bmc, { all, ...asked }, options) {
      const result = await bmc.users.list(optionsOf(asked, options));
      if (result.outcome !== 'done' || all) return result;
      const taken = result.value.users.filter(({ free }) => !free);
      return { ...result, value: { ...result.value, users: taken } };
    },
    present: (value) => ({
      line: `${value.users.length} users shown, ${value.enabledCount} enabled, room for ${value.maximum}`,
      lineToo: true,
      table: { columns, rows: value.users.map(row) },
    }),
  }),
  defineBmcCommand({
    name: 'user create',
    summary: 'create an account in a free slot, with its password tested',
    effect: 'change',
    parameters: z.object({
      name: z.string().describe('at most 16 characters'),
      password,
      role: role.exclude(['none']).default('administrator').describe('what it may do'),
      enabled: z.boolean().default(true).describe('whether it can log in at once'),
      serialConsole: z.boolean().default(true).describe('whether it may open the serial console'),
      id: id.optional().describe('the slot; the first free one when left out'),
      ...place,
    }),
    positional: ['name'],
    secrets: ['password'],
    value: user,
    run: (bmc, { channel, id: slot, ...wanted }, options) =>
      bmc.users.create({ ...wanted, ...(slot !== undefined && { id: slot }) }, optionsOf({ channel }, options)),
    present,
  }),
  defineBmcCommand({
    name: 'user set-name',
    summary: 'rename an account',
    effect: 'change',
    parameters: z.object({ id, name: z.string().describe('at most 16 characters'), ...forced }),
    positional: ['id', 'name'],
    value: user,
    run: (bmc, parameters, options) =>
      bmc.users.setName(parameters.id, parameters.name, optionsOf(parameters, options)),
    present,
  }),
  defineBmcCommand({
    name: 'user set-password',
    summary: 'set the password of an account, and test it',
    effect: 'change',
    parameters: z.object({ id, password, ...forced }),
    positional: ['id'],
    secrets: ['password'],
    value: passwordTest,
    run: (bmc, parameters, options) =>
      bmc.users.setPassword(parameters.id, parameters.password, optionsOf(parameters, options)),
    present: ({ id: of, by }) => ({ line: `user ${of} has the new password: ${by}` }),
  }),
  defineBmcCommand({
    name: 'user test-password',
    summary: 'ask whether this is the password of an account; a wrong one may count as a failed login',
    // It may count as a failed login, up to locking the account: guarded and kept in the history as a change is.
    effect: 'change',
    parameters: z.object({ id, password, ...place }),
    positional: ['id'],
    secrets: ['password'],
    value: passwordTest,
    run: (bmc, parameters, options) =>
      bmc.users.testPassword(parameters.id, parameters.password, optionsOf(parameters, options)),
    present: ({ id: of, matches, by }) => ({
      line: `${matches ? 'it is' : 'it is not'} the password of user ${of}: ${by}`,
    }),
  }),
  ...[true, false].map((enabled) =>
    defineBmcCommand({
      name: `user ${enabled ? 'enable' : 'disable'}`,
      summary: enabled ? 'let an account log in' : 'keep an account from logging in',
      effect: 'change',
      parameters: z.object({ id, ...forced }),
      positional: ['id'],
      value: user,
      run: (bmc, parameters, options) => bmc.users.setEnabled(parameters.id, enabled, optionsOf(parameters, options)),
      present,
    }),
  ),
  defineBmcCommand({
    name: 'user set-privilege',
    summary: 'set what an account may do on a channel',
    effect: 'change',
    parameters: z.object({ id, role: role.describe('none takes the login away as well'), ...forced }),
    positional: ['id', 'role'],
    value: user,
    run: (bmc, parameters, options) =>
      bmc.users.setRole(parameters.id, parameters.role, optionsOf(parameters, options)),
    present,
  }),
  defineBmcCommand({
    name: 'user set-sol-access',
    summary: 'set whether an account may open the serial console',
    effect: 'change',
    parameters: z.object({ id, allowed: z.boolean().describe('yes or no'), ...place }),
    positional: ['id', 'allowed'],
    value: user,
    run: (bmc, parameters, options) =>
      bmc.users.setSerialConsole(parameters.id, parameters.allowed, optionsOf(parameters, options)),
    present,
  }),
  defineBmcCommand({
    name: 'user remove',
    summary: 'disable an account, take its role away and free its slot',
    effect: 'disruptive',
    parameters: z.object({ id, ...forced }),
    positional: ['id'],
    value: user,
    run: (bmc, parameters, options) => bmc.users.remove(parameters.id, optionsOf(parameters, options)),
    present,
  }),
];

function optionsOf(asked: { channel?: number | undefined; force?: boolean }, options?: CallOptions): UserOptions {
  const { channel, force } = asked;
  return { ...options, ...(channel !== undefined && { channel }), ...(force !== undefined && { force }) };
}

const columns = ['id', 'name', 'enabled', 'role', 'login', 'sol', 'link', 'own'];

type Shown = z.output<typeof user> | BmcUser;

function row(shown: Shown): string[] {
  const told = (value: boolean | undefined) => (value === undefined ? '?' : value ? 'yes' : 'no');
  const name = shown.name === '' ? (shown.free ? '(free)' : '(anonymous)') : shown.name;
  const { enabled, remoteLogin, serialConsole, linkLogin, own } = shown;
  return [
    shown.id,
    name,
    told(enabled),
    shown.role,
    told(remoteLogin),
    told(serialConsole),
    told(linkLogin),
    own ? 'yes' : '',
  ];
}

function present(shown: Shown): BmcPresentation {
  const [number, name, enabled, may, login] = row(shown);
  return { line: `user ${number} ${name}: ${may}, enabled ${enabled}, login ${login}` };
}
