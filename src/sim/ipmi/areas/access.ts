/** Who gets in and how: channels, users, and the parameters of LAN, serial over LAN and serial. */
import type { ChannelAccess, ChannelInfo, ChannelSettings } from '../../../protocols/ipmi/index.ts';
import {
  channelMedium,
  getChannelAccess,
  getChannelInfo,
  getLanConfigurationParameters,
  getSerialConfiguration,
  getSolConfigurationParameters,
  noData,
  privilegeLevel,
  setChannelAccess,
  setLanConfigurationParameters,
  setSerialConfiguration,
  setSolConfigurationParameters,
  thisChannel,
} from '../../../protocols/ipmi/index.ts';
import type { AreaContext, CommandHandler } from '../area.ts';
import { handler } from '../area.ts';
import { lanChannel } from '../users.ts';
import { lanContent, serialContent, solContent } from './access-content.ts';
import type { UserBehaviour } from './access-users.ts';
import { createUserHandlers } from './access-users.ts';
import type { ParameterStore } from './parameter-store.ts';
import { createParameterStore } from './parameter-store.ts';

export interface AccessArea {
  handlers: CommandHandler[];
  lan: ParameterStore;
  sol: ParameterStore;
  serial: ParameterStore;
  /** How far this BMC goes its own way with users. */
  userBehaviour: UserBehaviour;
}

const serialChannel = 2;
const ipmiForum = 7154;
const invalidField = 0xcc;
const accessNotSupported = 0x82;

const channels: readonly ChannelInfo[] = [
  channel(0, 0x01, 0x01, 'session-less'),
  channel(lanChannel, channelMedium.lan, 0x01, 'multi-session'),
  channel(serialChannel, channelMedium.serial, 0x09, 'single-session'),
  channel(0x0f, channelMedium.systemInterface, 0x05, 'session-less'),
];

const firstAccess: ChannelAccess = {
  alerting: false,
  perMessageAuthentication: true,
  userLevelAuthentication: true,
  mode: 'always',
  privilegeLimit: privilegeLevel.administrator,
};

export function createAccessArea(context: AreaContext): AccessArea {
  const access = new Map<string, ChannelAccess>();
  const settingsKey = (id: number, settings: ChannelSettings) => `${id}/${settings}`;
  for (const id of [lanChannel, serialChannel]) {
    for (const settings of ['volatile', 'non-volatile'] as const) access.set(settingsKey(id, settings), firstAccess);
  }
  const lan = createParameterStore(
    { get: getLanConfigurationParameters, set: setLanConfigurationParameters },
    lanChannel,
    lanContent(macFrom(context.guid)),
  );
  const sol = createParameterStore(
    { get: getSolConfigurationParameters, set: setSolConfigurationParameters },
    lanChannel,
    solContent(lanChannel),
  );
  const serial = createParameterStore(
    { get: getSerialConfiguration, set: setSerialConfiguration },
    serialChannel,
    serialContent(),
  );
  const users = createUserHandlers(context);
  return {
    lan,
    sol,
    serial,
    userBehaviour: users.behaviour,
    handlers: [
      handler(getChannelInfo, privilegeLevel.user, (request, asker) => {
        const found = channels.find(({ channel: id }) => id === own(request.channel, asker.channel));
        return found ?? { completionCode: invalidField };
      }),
      handler(getChannelAccess, privilegeLevel.user, (request, asker) => {
        const held = access.get(settingsKey(own(request.channel, asker.channel), request.settings));
        return held ?? { completionCode: accessNotSupported };
      }),
      handler(setChannelAccess, privilegeLevel.administrator, (request, asker) => {
        const { channel: asked, settings, ...wanted } = request;
        const place = settingsKey(own(asked, asker.channel), settings);
        if (!access.has(place)) return { completionCode: accessNotSupported };
        access.set(place, wanted);
        return noData;
      }),
      ...users.handlers,
      ...lan.handlers,
      ...sol.handlers,
      ...serial.handlers,
    ],
  };
}

function own(asked: number, channelOfAsker: number): number {
  return asked === thisChannel ? channelOfAsker : asked;
}

function channel(
  id: number,
  medium: number,
  protocol: number,
  sessionSupport: ChannelInfo['sessionSupport'],
): ChannelInfo {
  const activeSessions = sessionSupport === 'multi-session' ? 1 : 0;
  return { channel: id, medium, protocol, sessionSupport, activeSessions, vendorId: ipmiForum, auxiliary: 0 };
}

/** Locally administered, and its own for each BMC. */
function macFrom(guid: Uint8Array): string {
  return Buffer.concat([Buffer.of(0x52, 0x54, 0x00), guid.subarray(0, 3)])
    .toString('hex')
    .replaceAll(/(?!^)(?=(?:..)+$)/g, ':');
}
