/** Channels over IPMI: Get Channel Info, Get and Set Channel Access (IPMI v2.0 §22.22–§22.24). */
import { AthanorError } from '../../../errors/index.ts';
import type { ChannelAccess, ChannelInfo, ChannelSettings } from '../../../protocols/ipmi/index.ts';
import {
  channelMedia,
  channelMedium,
  channelProtocols,
  getChannelAccess,
  getChannelInfo,
  privilegeLevel,
  setChannelAccess,
  thisChannel,
} from '../../../protocols/ipmi/index.ts';
import type {
  BmcChannel,
  BmcChannelAccess,
  ChannelAccessSettings,
  ChannelKind,
  ChannelsCapability,
} from '../../capabilities/channels.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { privilegeOf, roleOf } from './roles.ts';
import { readBack, sendChange } from './send-change.ts';

/** 12–14 are no channels (§6.3); 15 is the system interface. */
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15];

const kinds: Readonly<Record<number, ChannelKind>> = {
  0x01: 'bus',
  0x02: 'bus',
  0x03: 'bus',
  [channelMedium.lan]: 'lan',
  [channelMedium.serial]: 'serial',
  [channelMedium.otherLan]: 'lan',
  0x07: 'bus',
  0x08: 'bus',
  0x09: 'bus',
  [channelMedium.systemInterface]: 'system',
};

export function ipmiChannels(context: IpmiContext): ChannelsCapability {
  const about = { driver: 'ipmi', capability: 'channels', clock: context.clock } as const;
  return {
    list: (options = {}) => settle(about, (note) => listChannels(context, note, options.signal)),
    get: (number, options = {}) => settle(about, (note) => readChannel(context, number, note, options.signal)),
    setAccess: (number, change, where, options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => setAccess(context, number, change, where, note, options), options.signal),
      ),
  };
}

/**
 * The channel to speak of: the one that was named, else the one we came by, else (where a BMC does not tell that) the
 * first one on a LAN.
 */
export async function ownChannel(context: IpmiContext, signal?: AbortSignal): Promise<number> {
  const answer = await context.client.ask(getChannelInfo, { channel: thisChannel }, signal);
  if ('value' in answer && answer.value.channel !== thisChannel) return answer.value.channel;
  const found = await firstChannel(context, 'lan', signal);
  if (found !== undefined) return found;
  throw new AthanorError('unsupported', `BMC ${context.peer.name} does not tell which of its channels this is`, {
    remedy: 'Name the channel; it is 1 on most BMCs, 8 on some of Lenovo and Quanta.',
  });
}

export async function firstChannel(
  context: IpmiContext,
  kind: ChannelKind,
  signal?: AbortSignal,
): Promise<number | undefined> {
  for (const number of numbers) {
    const answer = await context.client.ask(getChannelInfo, { channel: number }, signal);
    if ('value' in answer && kinds[answer.value.medium] === kind) return number;
  }
  return undefined;
}

async function listChannels(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<BmcChannel[]> {
  const own = await ownChannel(context, signal).catch(() => undefined);
  const found: BmcChannel[] = [];
  for (const number of numbers) {
    const answer = await context.client.ask(getChannelInfo, { channel: number }, signal);
    if ('value' in answer) found.push(toChannel({ ...answer.value, channel: number }, own));
  }
  note(getChannelInfo.name, `${found.length} channels, asked through ${own ?? 'one that it does not tell'}`);
  return found;
}

function toChannel(info: ChannelInfo, own: number | undefined): BmcChannel {
  return {
    number: info.channel,
    kind: kinds[info.medium] ?? 'other',
    medium: channelMedia[info.medium] ?? (info.medium >= 0x60 ? 'OEM' : `reserved (${info.medium})`),
    protocol: channelProtocols[info.protocol] ?? `reserved (${info.protocol})`,
    sessionSupport: info.sessionSupport,
    activeSessions: info.activeSessions,
    vendorId: info.vendorId,
    own: info.channel === own,
  };
}

async function readChannel(
  context: IpmiContext,
  asked: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<BmcChannelAccess> {
  const own = await ownChannel(context, signal);
  const info = await context.client.run(getChannelInfo, { channel: asked ?? own }, signal);
  const read = async (settings: ChannelSettings): Promise<ChannelAccessSettings | undefined> => {
    const answer = await context.client.ask(getChannelAccess, { channel: info.channel, settings }, signal);
    if ('value' in answer) return toSettings(answer.value);
    note(getChannelAccess.name, `${settings} settings of channel ${info.channel}: ${answer.refused.text}`);
    return undefined;
  };
  const active = await read('volatile');
  const stored = await read('non-volatile');
  const channel = toChannel(info, own);
  note(getChannelInfo.name, `channel ${channel.number} is ${channel.medium}, ${channel.protocol}`);
  if (active !== undefined) note(getChannelAccess.name, `in force: ${describe(active)}`);
  return { ...channel, active, stored };
}

function toSettings({ privilegeLimit, ...access }: ChannelAccess): ChannelAccessSettings {
  return { ...access, roleLimit: privilegeLimit === 0 ? undefined : roleOf(privilegeLimit) };
}

function describe(settings: ChannelAccessSettings): string {
  return `access ${settings.mode}, limit ${settings.roleLimit ?? 'none'}`;
}

async function setAccess(
  context: IpmiContext,
  asked: number | undefined,
  change: Partial<ChannelAccessSettings>,
  where: 'active' | 'stored' | 'both',
  note: Note,
  options: { signal?: AbortSignal; force?: boolean },
): Promise<BmcChannelAccess> {
  const before = await readChannel(context, asked, note, options.signal);
  const limits = change.roleLimit !== undefined && privilegeOf(change.roleLimit) < privilegeLevel.administrator;
  const closes = change.mode !== undefined && change.mode !== 'always' && change.mode !== 'shared';
  if (before.own && (limits || closes) && options.force !== true) {
    throw new AthanorError(
      'conflict',
      `Channel ${before.number} is the one that BMC ${context.peer.name} is reached by`,
      {
        remedy: 'With `force` it is done all the same: make sure of another way in, such as the machine itself.',
      },
    );
  }
  const places = (['active', 'stored'] as const).filter((place) => where === 'both' || where === place);
  for (const place of places) {
    const settings: ChannelSettings = place === 'active' ? 'volatile' : 'non-volatile';
    const held = before[place];
    if (held === undefined) {
      const answer = await context.client.ask(getChannelAccess, { channel: before.number, settings }, options.signal);
      if ('refused' in answer) throw refusedError(context.peer, getChannelAccess.name, answer.refused);
      continue;
    }
    const wanted = { ...held, ...change };
    const { roleLimit, ...rest } = wanted;
    const privilegeLimit = roleLimit === undefined ? 0 : privilegeOf(roleLimit);
    const request = { channel: before.number, settings, ...rest, privilegeLimit } as const;
    await sendChange(context, setChannelAccess, request, `the ${settings} access of channel ${before.number}`, options);
    note(setChannelAccess.name, `${settings}: ${describe(wanted)}: accepted by the BMC`);
  }
  const after = await readBack(context, `the new access of channel ${before.number}`, () =>
    readChannel(context, before.number, note, options.signal),
  );
  for (const place of places) {
    const held = before[place];
    const reads = after[place];
    if (held === undefined || reads === undefined) continue;
    const wanted: ChannelAccessSettings = { ...held, ...change };
    if (JSON.stringify({ ...wanted, ...reads }) !== JSON.stringify(wanted)) {
      throw new AthanorError(
        'bmc-refused',
        `BMC ${context.peer.name} accepted ${setChannelAccess.name}, but channel ${before.number} still reads ${describe(reads)}`,
        { remedy: 'The BMC may keep this setting for its own web page, or need a restart.' },
      );
    }
  }
  return after;
}
