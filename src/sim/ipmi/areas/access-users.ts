/** The commands about users, on the very table that sessions are checked against. */
import {
  getUserAccess,
  getUserName,
  getUserPayloadAccess,
  noAccess,
  noData,
  passwordTestRefusal,
  privilegeLevel,
  setUserAccess,
  setUserName,
  setUserPassword,
  setUserPayloadAccess,
  solPayloadBit,
  thisChannel,
} from '../../../protocols/ipmi/index.ts';
import type { AreaContext, CommandHandler, SimulatedUser } from '../area.ts';
import { handler } from '../area.ts';
import { lanChannel } from '../users.ts';

/** What real BMCs do differently. */
export interface UserBehaviour {
  /** Dell R420: a user without name or password is not enabled. */
  enableNeedsNameAndPassword: boolean;
  /** Supermicro: LAN messaging is not enabled for a user without a privilege on the LAN. */
  messagingNeedsPrivilege: boolean;
  /** False: the operation `test` of Set User Password is refused. */
  testsPasswords: boolean;
  /** True: a new password is acknowledged, and the old one holds. */
  ignoresPasswords: boolean;
  /** What Get User Name answers for a free slot: HP says `(Empty User)`. */
  emptyName: string;
  /** Slots whose name the vendor keeps for itself. */
  reservedSlots: Set<number>;
  /** False: older BMCs do not tell whether a user is enabled. */
  tellsEnabled: boolean;
}

interface Flags {
  callbackOnly: boolean;
  linkAuthentication: boolean;
  ipmiMessaging: boolean;
}

const fixedNames = 1;
const outOfRange = 0xc9;
const invalidField = 0xcc;

export function createUserHandlers({ users }: AreaContext): { handlers: CommandHandler[]; behaviour: UserBehaviour } {
  const flags = new Map<number, Flags>();
  const passwordSizes = new Map<number, 16 | 20>();
  const behaviour: UserBehaviour = {
    enableNeedsNameAndPassword: true,
    messagingNeedsPrivilege: false,
    testsPasswords: true,
    ignoresPasswords: false,
    emptyName: '',
    reservedSlots: new Set(),
    tellsEnabled: true,
  };

  const find = (id: number) => users.find((user) => user.id === id);
  const limit = (user: SimulatedUser) => user.privileges.get(lanChannel) ?? noAccess;
  const onLan = (channel: number) => channel === lanChannel || channel === thisChannel;
  function flagsOf(user: SimulatedUser): Flags {
    const messaging = limit(user) !== noAccess;
    return flags.get(user.id) ?? { callbackOnly: false, linkAuthentication: false, ipmiMessaging: messaging };
  }

  function sizeOf(user: SimulatedUser): 16 | 20 {
    return passwordSizes.get(user.id) ?? (user.password.length > 16 ? 20 : 16);
  }

  const handlers = [
    handler(getUserAccess, privilegeLevel.operator, ({ channel, userId }) => {
      const user = find(userId);
      if (user === undefined || !onLan(channel))
        return { completionCode: user === undefined ? outOfRange : invalidField };
      const state = user.enabled ? ('enabled' as const) : ('disabled' as const);
      return {
        maximumUsers: users.length,
        enabledUsers: users.filter(({ enabled }) => enabled).length,
        fixedNames,
        enabled: behaviour.tellsEnabled ? state : 'unspecified',
        privilege: limit(user),
        ...flagsOf(user),
      };
    }),
    handler(setUserAccess, privilegeLevel.administrator, (request) => {
      const user = find(request.userId);
      if (user === undefined || !onLan(request.channel)) return { completionCode: invalidField };
      const { changeFlags, callbackOnly, linkAuthentication, ipmiMessaging, privilege } = request;
      const was = limit(user);
      const needed = behaviour.messagingNeedsPrivilege && changeFlags && ipmiMessaging;
      if (needed && (was === noAccess || privilege === noAccess)) return { completionCode: invalidField };
      if (changeFlags) flags.set(user.id, { callbackOnly, linkAuthentication, ipmiMessaging });
      else flags.set(user.id, flagsOf(user));
      user.privileges.set(lanChannel, privilege);
      return noData;
    }),
    handler(getUserName, privilegeLevel.operator, ({ userId }) => {
      const user = find(userId);
      if (user === undefined) return { completionCode: outOfRange };
      return { name: user.name === '' && userId > fixedNames ? behaviour.emptyName : user.name };
    }),
    handler(setUserName, privilegeLevel.administrator, ({ userId, name }) => {
      const user = find(userId);
      const taken = name !== '' && users.some((other) => other.id !== userId && other.name === name);
      const kept = userId <= fixedNames || behaviour.reservedSlots.has(userId);
      if (user === undefined || taken || kept) return { completionCode: invalidField };
      user.name = name;
      return noData;
    }),
    handler(setUserPassword, privilegeLevel.administrator, ({ userId, operation, size, password }) => {
      const user = find(userId);
      if (user === undefined) return { completionCode: invalidField };
      const given = withoutPadding(password);
      switch (operation) {
        case 'disable':
          user.enabled = false;
          return noData;
        case 'enable': {
          const complete = user.name !== '' && user.password.length > 0;
          if (behaviour.enableNeedsNameAndPassword && userId > fixedNames && !complete) {
            return { completionCode: invalidField };
          }
          user.enabled = true;
          return noData;
        }
        case 'set':
          if (behaviour.ignoresPasswords) return noData;
          user.password = given;
          passwordSizes.set(userId, size);
          return noData;
        case 'test':
          if (!behaviour.testsPasswords) return { completionCode: invalidField };
          if (size !== sizeOf(user)) return { completionCode: passwordTestRefusal.wrongSize };
          if (!given.equals(withoutPadding(user.password))) return { completionCode: passwordTestRefusal.mismatch };
          return noData;
      }
    }),
    handler(getUserPayloadAccess, privilegeLevel.operator, ({ channel, userId }) => {
      const user = find(userId);
      if (user === undefined || !onLan(channel)) return { completionCode: invalidField };
      return { standardPayloads: 0x01 | (user.payloadAccess ? solPayloadBit : 0), oemPayloads: 0 };
    }),
    handler(setUserPayloadAccess, privilegeLevel.administrator, (request) => {
      const user = find(request.userId);
      if (user === undefined || !onLan(request.channel)) return { completionCode: invalidField };
      if ((request.standardPayloads & solPayloadBit) !== 0) user.payloadAccess = request.operation === 'enable';
      return noData;
    }),
  ];
  return { handlers, behaviour };
}

function withoutPadding(password: Uint8Array): Buffer {
  let end = password.length;
  while (end > 0 && password[end - 1] === 0) end -= 1;
  return Buffer.from(password.subarray(0, end));
}
