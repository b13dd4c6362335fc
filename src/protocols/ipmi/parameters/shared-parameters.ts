/** What the parameters of LAN, serial and serial over LAN have in common (IPMI v2.0 tables 23-4, 25-4, 26-5). */
import type { Field, Parameter } from './fields.ts';
import { choice, flag, listOf, parameter } from './fields.ts';

/** Channel and user privilege limits (§6.8); what a nibble of 0 means differs. */
export const privilegeNames = { callback: 1, user: 2, operator: 3, administrator: 4, oem: 5 } as const;
export type PrivilegeName = keyof typeof privilegeNames;

/** The IPMI 1.5 authentication types of one level. */
export const authenticationTypeNames = ['none', 'md2', 'md5', 'password', 'oem'] as const;
export type AuthenticationTypes = Record<(typeof authenticationTypeNames)[number], boolean>;

const typeBits = { none: 0, md2: 1, md5: 2, password: 4, oem: 5 } as const;

function authenticationTypesAt(at: number): Record<keyof AuthenticationTypes, Field<boolean>> {
  return {
    none: flag(at, typeBits.none),
    md2: flag(at, typeBits.md2),
    md5: flag(at, typeBits.md5),
    password: flag(at, typeBits.password),
    oem: flag(at, typeBits.oem),
  };
}

export const setInProgress = parameter(0, 'Set In Progress', 'read-write', {
  state: choice(0, 0, 2, { 'set-complete': 0, 'set-in-progress': 1, 'commit-write': 2 }),
});

export const authenticationTypeSupport: Parameter<AuthenticationTypes> = parameter(
  1,
  'Authentication Type Support',
  'read-only',
  authenticationTypesAt(0),
);

/** Per level in the order callback, user, operator, administrator, OEM; each list in the order of the type names. */
export const authenticationTypeEnables = parameter(2, 'Authentication Type Enables', 'read-write', {
  callback: levelAt(0),
  user: levelAt(1),
  operator: levelAt(2),
  administrator: levelAt(3),
  oem: levelAt(4),
});

function levelAt(at: number): Field<boolean[]> {
  return listOf(Object.values(authenticationTypesAt(at)));
}

export const bitRates = { serial: 0, '9600': 6, '19200': 7, '38400': 8, '57600': 9, '115200': 10 } as const;
