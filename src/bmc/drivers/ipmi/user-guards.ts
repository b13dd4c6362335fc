/** What keeps people from locking themselves out of a BMC. */
import { AthanorError } from '../../../errors/index.ts';
import { maximumUsernameLength } from '../../../protocols/ipmi/index.ts';
import type { BmcUser } from '../../capabilities/users.ts';
import type { IpmiContext } from './context.ts';
import type { UserPlace } from './read-users.ts';
import { readUsers } from './read-users.ts';

export function guardOwn(context: IpmiContext, user: BmcUser, what: string, force: boolean | undefined): void {
  if (!user.own || force === true) return;
  throw new AthanorError(
    'conflict',
    `User ${user.id} of BMC ${context.peer.name} is the one that is logged in: a change of ${what} may lock you out`,
    { remedy: 'Log in as another administrator, or ask for it with `force` and change the credential right after.' },
  );
}

/** @throws `conflict` when no other administrator could log in */
export async function guardLastAdministrator(
  context: IpmiContext,
  place: UserPlace,
  user: BmcUser,
  signal?: AbortSignal,
): Promise<void> {
  if (!isAdministrator(user)) return;
  const { users } = await readUsers(context, place, () => undefined, signal);
  if (users.some((other) => other.id !== user.id && isAdministrator(other))) return;
  throw new AthanorError(
    'conflict',
    `User ${user.id} is the last administrator of BMC ${context.peer.name} who can log in`,
    { remedy: 'Create another administrator first.' },
  );
}

function isAdministrator(user: BmcUser): boolean {
  const level = user.role === 'administrator' || user.role === 'oem';
  return level && user.remoteLogin && user.enabled !== false && !user.free;
}

/** @throws `invalid-input` for a name that IPMI cannot hold */
export function requireUserName(name: string): string {
  const refuse = (why: string): never => {
    throw new AthanorError('invalid-input', `The user's name ${why}`, { field: 'name', value: name });
  };
  if (name === '') refuse('is empty: that is the anonymous user');
  if (Buffer.byteLength(name) > maximumUsernameLength) refuse(`has over ${maximumUsernameLength} bytes`);
  if (!/^[\u0021-\u007e]+$/.test(name)) refuse('holds other characters than ASCII letters, digits and signs');
  return name;
}
