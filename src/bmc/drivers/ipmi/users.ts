/**
 * Users over IPMI (IPMI v2.0 §22.26–§22.30, §24.6). The order of a new user's steps is what real BMCs ask for: name and
 * password before it is enabled (Dell), a privilege on the channel before it may log in there (Supermicro).
 */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import {
  completionCode,
  setUserAccess,
  setUserName,
  setUserPayloadAccess,
  solPayloadBit,
} from '../../../protocols/ipmi/index.ts';
import type {
  BmcRole,
  BmcUser,
  NewBmcUser,
  PasswordTest,
  UserOptions,
  UsersCapability,
} from '../../capabilities/users.ts';
import type { BmcResult } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { ownChannel } from './channels.ts';
import type { IpmiContext } from './context.ts';
import { describeUser, parseUserId, readUsers, requireUser, withoutAccess } from './read-users.ts';
import { privilegeOf } from './roles.ts';
import { readBack, sendChange } from './send-change.ts';
import { passwordBytes, requireMatch, sendPassword, switchUser, testByBmc, testByLogin } from './user-passwords.ts';
import type { UserCall, UserParts } from './user-slots.ts';
import { freeSlot, takeRole, takeSlot } from './user-slots.ts';
import { guardLastAdministrator, guardOwn, requireUserName } from './user-guards.ts';

export function ipmiUsers(context: IpmiContext, parts: UserParts): UsersCapability {
  const about = { driver: 'ipmi', capability: 'users', clock: context.clock } as const;

  async function callOf(note: Note, options: UserOptions): Promise<UserCall> {
    const channel = options.channel ?? (await ownChannel(context, options.signal));
    return { context, parts, place: { channel, username: parts.username }, note, options };
  }
  function read<Value>(options: UserOptions, task: (call: UserCall) => Promise<Value>): Promise<BmcResult<Value>> {
    return settle(about, async (note) => await task(await callOf(note, options)));
  }
  function change<Value>(options: UserOptions, task: (call: UserCall) => Promise<Value>): Promise<BmcResult<Value>> {
    return settle(about, (note) =>
      context.lane.change(async () => await task(await callOf(note, options)), options.signal),
    );
  }

  return {
    list: (options = {}) => read(options, ({ place, note }) => readUsers(context, place, note, options.signal)),
    create: (user, options = {}) => change(options, (call) => createUser(call, user)),
    setName: (id, name, options = {}) => change(options, (call) => rename(call, id, name)),
    setPassword: (id, password, options = {}) => change(options, (call) => changePassword(call, id, password)),
    testPassword: (id, password, options = {}) => read(options, (call) => testPassword(call, id, password)),
    setEnabled: (id, enabled, options = {}) => change(options, (call) => changeEnabled(call, id, enabled)),
    setRole: (id, role, options = {}) => change(options, (call) => changeRole(call, id, role)),
    setSerialConsole: (id, allowed, options = {}) => change(options, (call) => changeConsole(call, id, allowed)),
    remove: (id, options = {}) => change(options, (call) => removeUser(call, id)),
  };
}

async function createUser(call: UserCall, wanted: NewBmcUser): Promise<BmcUser> {
  const { context, place, note, options } = call;
  const name = requireUserName(wanted.name);
  const bytes = passwordBytes(wanted.password);
  const { users } = await readUsers(context, place, note, options.signal);
  const taken = users.find((user) => user.name === name);
  if (taken !== undefined) {
    throw new AthanorError('conflict', `BMC ${context.peer.name}: user ${taken.id} has the name ${name} already`, {
      field: 'name',
      value: name,
    });
  }
  const userId = await takeSlot(call, users, name, wanted.id);
  try {
    await sendPassword(context, userId, bytes, note, options);
    const test = await testByBmc(context, userId, bytes, note, options);
    if (test !== undefined) requireMatch(context, String(userId), test);
    await giveRole(call, userId, wanted.role);
    if (wanted.serialConsole) await sendConsole(call, userId, true);
    if (wanted.enabled) await switchUser(context, userId, true, note, options);
    const user = await verified(call, String(userId), (now) => now.name === name && now.role === wanted.role);
    if (test === undefined) {
      const login = await testByLogin(user, wanted.password, call.parts.open, note, options);
      requireMatch(context, user.id, login);
    }
    return user;
  } catch (thrown) {
    await freeSlot(call, userId);
    throw thrown;
  }
}

async function rename(call: UserCall, id: string, wanted: string): Promise<BmcUser> {
  const { context, place, note, options } = call;
  const name = requireUserName(wanted);
  const user = await requireUser(context, place, id, options.signal);
  guardOwn(context, user, 'its name', options.force);
  if (user.fixedName) {
    throw new AthanorError('unsupported', `BMC ${context.peer.name}: the name of user ${id} is fixed`);
  }
  await sendChange(context, setUserName, { userId: parseUserId(id), name }, `the name ${name} for user ${id}`, options);
  note(setUserName.name, `user ${id} is ${name}: accepted by the BMC`);
  return await verified(call, id, (now) => now.name === name);
}

async function changePassword(call: UserCall, id: string, password: string): Promise<PasswordTest> {
  const { context, place, note, options } = call;
  const bytes = passwordBytes(password);
  const user = await requireUser(context, place, id, options.signal);
  guardOwn(context, user, 'its password', options.force);
  await sendPassword(context, parseUserId(id), bytes, note, options);
  return requireMatch(context, id, await tested(call, user, password, bytes));
}

async function testPassword(call: UserCall, id: string, password: string): Promise<PasswordTest> {
  const { context, place, options } = call;
  const bytes = passwordBytes(password);
  const user = await requireUser(context, place, id, options.signal);
  const test = await tested(call, user, password, bytes);
  if (test !== undefined) return test;
  throw new AthanorError(
    'unsupported',
    `BMC ${context.peer.name} does not test passwords, and user ${id} cannot log in on channel ${place.channel}`,
  );
}

async function tested(
  call: UserCall,
  user: BmcUser,
  password: string,
  bytes: Buffer,
): Promise<PasswordTest | undefined> {
  const { context, parts, note, options } = call;
  const byBmc = await testByBmc(context, parseUserId(user.id), bytes, note, options);
  return byBmc ?? (await testByLogin(user, password, parts.open, note, options));
}

async function changeEnabled(call: UserCall, id: string, enabled: boolean): Promise<BmcUser> {
  const { context, place, note, options } = call;
  const user = await requireUser(context, place, id, options.signal);
  if (!enabled) {
    guardOwn(context, user, 'whether it is enabled', options.force);
    await guardLastAdministrator(context, place, user, options.signal);
  }
  await switchUser(context, parseUserId(id), enabled, note, options);
  const after = await verified(call, id, (now) => now.enabled === undefined || now.enabled === enabled);
  if (after.enabled === undefined) note('Get User Access', 'this BMC does not tell whether a user is enabled');
  return after;
}

async function changeRole(call: UserCall, id: string, role: BmcRole): Promise<BmcUser> {
  const { context, place, options } = call;
  const user = await requireUser(context, place, id, options.signal);
  guardOwn(context, user, 'its role', options.force);
  if (role !== 'administrator' && role !== 'oem') await guardLastAdministrator(context, place, user, options.signal);
  const userId = parseUserId(id);
  if (role === 'none') await takeRole(call, userId);
  else await giveRole(call, userId, role);
  return await verified(call, id, (now) => now.role === role && (role === 'none') === !now.remoteLogin);
}

async function giveRole(call: UserCall, userId: number, role: BmcRole): Promise<void> {
  const { context, place, note, options } = call;
  if (role === 'none') return;
  const { access } = await requireUser(context, place, String(userId), options.signal);
  const { callbackOnly, linkAuthentication, ipmiMessaging } = access;
  const held = { channel: place.channel, userId, callbackOnly, linkAuthentication, privilege: privilegeOf(role) };
  const what = `role ${role} for user ${userId}`;
  const first = { ...held, ipmiMessaging, changeFlags: false };
  await sendChange(context, setUserAccess, first, what, options);
  if (!ipmiMessaging) {
    await sendChange(context, setUserAccess, { ...held, ipmiMessaging: true, changeFlags: true }, what, options);
  }
  note(setUserAccess.name, `user ${userId} is ${role} and may log in on channel ${place.channel}: accepted by the BMC`);
}

async function changeConsole(call: UserCall, id: string, allowed: boolean): Promise<BmcUser> {
  const { context, place, options } = call;
  await requireUser(context, place, id, options.signal);
  await sendConsole(call, parseUserId(id), allowed);
  return await verified(call, id, (now) => now.serialConsole === undefined || now.serialConsole === allowed);
}

async function sendConsole(call: UserCall, userId: number, allowed: boolean): Promise<void> {
  const { context, place, note, options } = call;
  const operation = allowed ? 'enable' : 'disable';
  const access = { standardPayloads: solPayloadBit, oemPayloads: 0 };
  const request = { channel: place.channel, userId, operation, ...access } as const;
  await sendChange(context, setUserPayloadAccess, request, `serial console ${operation}d for user ${userId}`, options);
  note(setUserPayloadAccess.name, `${operation} serial over LAN for user ${userId}: accepted by the BMC`);
}

async function removeUser(call: UserCall, id: string): Promise<BmcUser> {
  const { context, place, note, options } = call;
  const user = await requireUser(context, place, id, options.signal);
  guardOwn(context, user, 'it', options.force);
  await guardLastAdministrator(context, place, user, options.signal);
  const userId = parseUserId(id);
  await switchUser(context, userId, false, note, options);
  if (user.serialConsole === true) {
    await sendConsole(call, userId, false).catch((error: unknown) => {
      note(setUserPayloadAccess.name, `user ${id}: ${asAthanorError(error).message}`);
    });
  }
  await takeRole(call, userId);
  if (!user.fixedName) {
    const request = { userId, name: '' };
    const answer = await context.client.ask(setUserName, request, options.signal);
    if ('refused' in answer) note(setUserName.name, `user ${id}: the name cannot be emptied: ${answer.refused.text}`);
    else note(setUserName.name, `user ${id} has no name now: accepted by the BMC`);
    // What a BMC refuses here is the name alone: disabled and without a role the user is gone all the same.
    if ('refused' in answer && answer.refused.completionCode === completionCode.insufficientPrivilege) {
      throw new AthanorError('bmc-refused', `BMC ${context.peer.name}: user ${id} is disabled, but keeps its name`);
    }
  }
  return await verified(call, id, (now) => now.enabled !== true && !now.remoteLogin && now.role === 'none');
}

/** What reads back, or an error when it is not what was accepted. */
async function verified(call: UserCall, id: string, asWanted: (user: BmcUser) => boolean): Promise<BmcUser> {
  const { context, place, note, options } = call;
  const read = () => requireUser(context, place, id, options.signal);
  const user = withoutAccess(await readBack(context, `the change of user ${id}`, read));
  note('Get User Access', `reads ${describeUser(user)}`);
  if (asWanted(user)) return user;
  throw new AthanorError(
    'bmc-refused',
    `BMC ${context.peer.name} accepted the change, but reads ${describeUser(user)}`,
    {
      remedy: 'Some BMCs take users only through their web page, or ask for another order: see `quirks`.',
    },
  );
}
