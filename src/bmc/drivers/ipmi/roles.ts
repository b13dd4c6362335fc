/** Privilege levels as roles (IPMI v2.0 §6.8). */
import { noAccess } from '../../../protocols/ipmi/index.ts';
import type { BmcRole } from '../../capabilities/users.ts';

const privileges: Readonly<Record<BmcRole, number>> = {
  callback: 1,
  user: 2,
  operator: 3,
  administrator: 4,
  oem: 5,
  none: noAccess,
};

const roles: readonly BmcRole[] = ['none', 'callback', 'user', 'operator', 'administrator', 'oem'];

/** What is reserved gives no access. */
export function roleOf(privilege: number): BmcRole {
  return roles[privilege] ?? 'none';
}

export function privilegeOf(role: BmcRole): number {
  return privileges[role];
}
