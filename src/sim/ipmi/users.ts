/** Who may log in to a simulated BMC (IPMI v2.0 §6.9): slots, of which the first is for the user without a name. */
import { maximumPasswordLength, maximumUsernameLength, privilegeLevel } from '../../protocols/ipmi/index.ts';
import type { SimulatedUser } from './area.ts';

/** The LAN channel. */
export const lanChannel = 1;
/** As a real BMC's; those of no login are free. */
const userSlots = 10;
const noAccess = 0x0f;

export interface SimulatedLogin {
  /** Empty: the anonymous user. */
  name: string;
  password: string | Uint8Array;
  /** The highest privilege level on the LAN channel; administrator (4) when left out. */
  privilege?: number;
  enabled?: boolean;
}

/** Every slot, 1 upward. Named users begin at 2. */
export function userTable(logins: readonly SimulatedLogin[]): SimulatedUser[] {
  const anonymous = logins.find(({ name }) => name === '');
  const named = logins.filter(({ name }) => name !== '');
  const slots = Math.max(userSlots, named.length + 1);
  return Array.from({ length: slots }, (_, index) => {
    const login = index === 0 ? anonymous : named[index - 1];
    if (login === undefined) return freeSlot(index + 1);
    const password = Buffer.from(login.password);
    if (password.length > maximumPasswordLength) throw new RangeError(`${login.name}: the password is over 20 bytes`);
    if (Buffer.byteLength(login.name) > maximumUsernameLength) throw new RangeError(`${login.name}: over 16 bytes`);
    return {
      id: index + 1,
      name: login.name,
      password,
      enabled: login.enabled ?? true,
      privileges: new Map([[lanChannel, login.privilege ?? privilegeLevel.administrator]]),
      payloadAccess: true,
    };
  });
}

/** The user who may log in by this name on the LAN channel; a free slot is nobody. */
export function findUser(users: readonly SimulatedUser[], name: string): SimulatedUser | undefined {
  return users.find((user) => user.name === name && (user.id === 1 || user.name !== '') && user.enabled);
}

/** 0: none at all. */
export function privilegeLimit(user: SimulatedUser): number {
  const limit = user.privileges.get(lanChannel) ?? noAccess;
  return limit === noAccess ? 0 : limit;
}

function freeSlot(id: number): SimulatedUser {
  const privileges = new Map<number, number>();
  return { id, name: '', password: Buffer.alloc(0), enabled: false, privileges, payloadAccess: false };
}
