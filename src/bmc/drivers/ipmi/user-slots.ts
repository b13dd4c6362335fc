/** The slots that users have in a BMC: taken for a new one, and left empty again. */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import { setUserAccess, setUserName } from '../../../protocols/ipmi/index.ts';
import type { BmcUser, UserOptions } from '../../capabilities/users.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import type { OpenOtherClient } from './other-client.ts';
import type { UserPlace } from './read-users.ts';
import { parseUserId, requireUser } from './read-users.ts';
import { privilegeOf } from './roles.ts';
import { sendChange } from './send-change.ts';
import { undo } from './undo.ts';
import { switchUser } from './user-passwords.ts';

export interface UserParts {
  /** Who we are logged in as. */
  username: string;
  open: OpenOtherClient;
}

/** One call about users: what is spoken to, and how. */
export interface UserCall {
  context: IpmiContext;
  parts: UserParts;
  place: UserPlace;
  note: Note;
  options: UserOptions;
}

/** The first free slot that takes the name: some BMCs keep slots to themselves and refuse their names only. */
export async function takeSlot(call: UserCall, users: readonly BmcUser[], name: string, id?: string): Promise<number> {
  const { context, place, note, options } = call;
  const free = users.filter((user) => user.free && (id === undefined || user.id === id));
  if (free.length === 0) {
    const what = id === undefined ? 'no slot is free' : `slot ${id} is not free`;
    throw new AthanorError('conflict', `BMC ${context.peer.name}: ${what}`, {
      remedy: 'Remove a user that nobody needs: `user list` shows them.',
    });
  }
  for (const user of free) {
    const userId = parseUserId(user.id);
    try {
      await sendChange(context, setUserName, { userId, name }, `the name ${name} for user ${userId}`, options);
      const now = await requireUser(context, place, user.id, options.signal);
      if (now.name === name) {
        note(setUserName.name, `slot ${userId} is ${name}: accepted by the BMC and read back`);
        return userId;
      }
      note(setUserName.name, `slot ${userId}: the name was accepted and reads ${now.name === '' ? 'empty' : now.name}`);
    } catch (thrown) {
      const error = asAthanorError(thrown);
      // Nobody knows what it holds now.
      if (error.code !== 'bmc-refused') await freeSlot(call, userId);
      if (error.code !== 'bmc-refused' || id !== undefined) throw error;
      note(setUserName.name, `slot ${userId}: ${error.message}`);
    }
  }
  throw new AthanorError('bmc-refused', `BMC ${context.peer.name} takes the name ${name} in none of its free slots`, {
    remedy: 'Try another name: some BMCs take no upper case or no special characters.',
  });
}

/** Leaves a slot as it was before a user was begun in it, also for a caller who broke that off. */
export async function freeSlot(call: UserCall, userId: number): Promise<void> {
  const { context, note } = call;
  await undo(context.clock, (signal) => emptySlot({ ...call, options: { ...call.options, signal } }, userId)).catch(
    (error: unknown) => {
      note(setUserName.name, `slot ${userId} could not be freed again: ${asAthanorError(error).message}`);
    },
  );
}

async function emptySlot(call: UserCall, userId: number): Promise<void> {
  const { context, note, options } = call;
  await switchUser(context, userId, false, note, options);
  await takeRole(call, userId);
  await sendChange(context, setUserName, { userId, name: '' }, `an empty name for user ${userId}`, options);
  note(setUserName.name, `slot ${userId} was freed again`);
}

export async function takeRole(call: UserCall, userId: number): Promise<void> {
  const { context, place, note, options } = call;
  const request = {
    channel: place.channel,
    userId,
    changeFlags: true,
    callbackOnly: false,
    linkAuthentication: false,
    ipmiMessaging: false,
    privilege: privilegeOf('none'),
  };
  await sendChange(context, setUserAccess, request, `no role for user ${userId}`, options);
  note(setUserAccess.name, `user ${userId} has no access on channel ${place.channel}: accepted by the BMC`);
}
