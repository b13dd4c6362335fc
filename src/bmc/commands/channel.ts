/** The ways into a BMC. */
import { z } from 'zod';
import { bmcRoles } from '../capabilities/users.ts';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

export const channelNumber = z.number().int().min(0).max(15);
const role = z.enum(bmcRoles);

const channel = z.object({
  number: z.number(),
  kind: z.enum(['lan', 'serial', 'system', 'bus', 'other']),
  medium: z.string(),
  protocol: z.string(),
  sessionSupport: z.string(),
  activeSessions: z.number(),
  vendorId: z.number(),
  own: z.boolean().describe('the one that these answers come through'),
});

const mode = z.union([z.enum(['disabled', 'pre-boot', 'always', 'shared']), z.number()]);

const settings = z
  .object({
    mode,
    alerting: z.boolean(),
    perMessageAuthentication: z.boolean(),
    userLevelAuthentication: z.boolean(),
    roleLimit: role.optional(),
  })
  .optional();

const channelAccess = channel.extend({
  active: settings.describe('what is in force'),
  stored: settings.describe('what a restart brings back'),
});

const number = channelNumber.optional().describe('the channel; the one that is asked through when left out');

const accessSettings = [
  'mode',
  'roleLimit',
  'alerting',
  'perMessageAuthentication',
  'userLevelAuthentication',
] as const;

export const channelCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'channel list',
    summary: 'list the channels, and which of them is a LAN',
    effect: 'read',
    parameters: z.object({}),
    value: z.array(channel),
    run: (bmc, _parameters, options) => bmc.channels.list(options),
    present: (channels) => ({
      line: `${channels.length} channels`,
      table: {
        columns: ['channel', 'kind', 'medium', 'protocol', 'sessions', 'active', 'own'],
        rows: channels.map((each) => [
          each.number,
          each.kind,
          each.medium,
          each.protocol,
          each.sessionSupport,
          each.activeSessions,
          each.own ? 'yes' : '',
        ]),
      },
    }),
  }),
  defineBmcCommand({
    name: 'channel get',
    summary: 'show a channel and who may use it when',
    effect: 'read',
    parameters: z.object({ channel: number }),
    positional: ['channel'],
    value: channelAccess,
    run: (bmc, parameters, options) => bmc.channels.get(parameters.channel, options),
    present: presentAccess,
  }),
  defineBmcCommand({
    name: 'channel set-access',
    summary: 'set when a channel can be used, and the highest role on it',
    effect: 'change',
    parameters: z
      .object({
        channel: number,
        mode: z.enum(['disabled', 'pre-boot', 'always', 'shared']).optional().describe('when it can be used'),
        roleLimit: role.exclude(['none']).optional().describe('the highest role that a session can have'),
        alerting: z.boolean().optional().describe('whether alerts may be sent over it'),
        perMessageAuthentication: z.boolean().optional().describe('IPMI 1.5: whether each message is authenticated'),
        userLevelAuthentication: z
          .boolean()
          .optional()
          .describe('IPMI 1.5: whether messages of role user are authenticated'),
        where: z
          .enum(['active', 'stored', 'both'])
          .default('both')
          .describe('what is in force, what is stored, or both'),
        force: z.boolean().default(false).describe('even where it may lock you out'),
      })
      .refine((given) => accessSettings.some((name) => given[name] !== undefined), {
        error: 'nothing to set was given',
      }),
    positional: ['channel'],
    value: channelAccess,
    run: (bmc, { channel: asked, where, force, ...change }, options) =>
      bmc.channels.setAccess(asked, withoutUndefined(change), where, { ...options, force }),
    present: presentAccess,
  }),
];

function presentAccess(value: z.output<typeof channelAccess>) {
  const { active, stored } = value;
  const rows = accessSettings.map((name) => [name, String(active?.[name] ?? ''), String(stored?.[name] ?? '')]);
  return {
    line: `channel ${value.number}: ${value.medium}, ${value.protocol}, access ${active?.mode ?? 'not told'}, limit ${active?.roleLimit ?? 'none'}`,
    lineToo: true as const,
    table: { columns: ['setting', 'active', 'stored'], rows },
  };
}

type Named<Value> = { [Name in keyof Value]?: Exclude<Value[Name], undefined> };

/** What was named of it. */
export function withoutUndefined<Value extends object>(value: Value): Named<Value> {
  // Sound: only entries of `value` itself remain, and none that is undefined.
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Named<Value>;
}
