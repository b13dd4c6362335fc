/** Users as a BMC tells of them: Get User Access, Name and Payload Access for each slot (IPMI v2.0 §22.27, §22.29, §24.7). */
import { AthanorError } from '../../../errors/index.ts';
import type { UserAccess } from '../../../protocols/ipmi/index.ts';
import {
  completionCode,
  getUserAccess,
  getUserName,
  getUserPayloadAccess,
  solPayloadBit,
} from '../../../protocols/ipmi/index.ts';
import type { BmcUser, BmcUsers } from '../../capabilities/users.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { roleOf } from './roles.ts';

/** HP answers this for a slot that nobody has. */
const emptyNames = ['', '(Empty User)'];

export interface UserPlace {
  channel: number;
  /** Who we are logged in as. */
  username: string;
}

/** Undefined for a slot that the BMC keeps to itself. */
export async function readUser(
  context: IpmiContext,
  { channel, username }: UserPlace,
  userId: number,
  signal?: AbortSignal,
): Promise<(BmcUser & { access: UserAccess }) | undefined> {
  const answer = await context.client.ask(getUserAccess, { channel, userId }, signal);
  if ('refused' in answer) {
    const { refused } = answer;
    const whole = refused.completionCode === completionCode.insufficientPrivilege || isUnknown(refused.completionCode);
    if (whole) throw refusedError(context.peer, getUserAccess.name, refused);
    return undefined;
  }
  const access = answer.value;
  const named = await context.client.ask(getUserName, { userId }, signal);
  const told = 'value' in named ? named.value.name : '';
  const name = emptyNames.includes(told) ? '' : told;
  const payloads = await context.client.ask(getUserPayloadAccess, { channel, userId }, signal);
  const enabled = access.enabled === 'unspecified' ? undefined : access.enabled === 'enabled';
  return {
    id: String(userId),
    name,
    enabled,
    role: roleOf(access.privilege),
    remoteLogin: access.ipmiMessaging,
    callbackOnly: access.callbackOnly,
    linkLogin: access.linkAuthentication,
    serialConsole: 'value' in payloads ? (payloads.value.standardPayloads & solPayloadBit) !== 0 : undefined,
    fixedName: userId <= Math.max(1, access.fixedNames),
    free: userId > Math.max(1, access.fixedNames) && name === '' && enabled !== true,
    own: name === username && (userId === 1 || name !== '') && enabled !== false,
    access,
  };
}

export async function readUsers(
  context: IpmiContext,
  place: UserPlace,
  note: Note,
  signal?: AbortSignal,
): Promise<BmcUsers> {
  const { channel } = place;
  const { maximumUsers, enabledUsers, fixedNames } = await context.client.run(
    getUserAccess,
    { channel, userId: 1 },
    signal,
  );
  const users: BmcUser[] = [];
  const kept: number[] = [];
  for (let userId = 1; userId <= maximumUsers; userId += 1) {
    const user = await readUser(context, place, userId, signal);
    if (user === undefined) kept.push(userId);
    else users.push(withoutAccess(user));
  }
  note(getUserAccess.name, `room for ${maximumUsers} users on channel ${channel}, ${enabledUsers} enabled`);
  if (kept.length > 0) note(getUserAccess.name, `does not tell of slots ${kept.join(', ')}`);
  return { channel, maximum: maximumUsers, enabledCount: enabledUsers, fixedNameCount: fixedNames, users };
}

export async function requireUser(
  context: IpmiContext,
  place: UserPlace,
  id: string,
  signal?: AbortSignal,
): Promise<BmcUser & { access: UserAccess }> {
  const userId = parseUserId(id);
  const user = await readUser(context, place, userId, signal);
  if (user !== undefined) return user;
  throw new AthanorError('not-found', `BMC ${context.peer.name} has no user ${id}`, { field: 'id', value: id });
}

export function parseUserId(id: string): number {
  const userId = /^\d+$/.test(id) ? Number(id) : 0;
  if (userId >= 1 && userId <= 63) return userId;
  throw new AthanorError('invalid-input', `${id} is no user's number: 1 to 63`, { field: 'id', value: id });
}

export function withoutAccess({ access: _raw, ...user }: BmcUser & { access: UserAccess }): BmcUser {
  return user;
}

export function describeUser(user: BmcUser): string {
  const enabled = user.enabled === undefined ? 'enabled or not: not told' : user.enabled ? 'enabled' : 'disabled';
  const login = user.remoteLogin ? 'may log in' : 'no login';
  return `user ${user.id} ${user.name === '' ? '(no name)' : user.name}: ${user.role}, ${login}, ${enabled}`;
}

function isUnknown(code: number): boolean {
  return code === completionCode.invalidCommand || code === completionCode.invalidCommandForLun;
}
