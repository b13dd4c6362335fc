/** The BMC's own network settings. */
import { z } from 'zod';
import type { LanChange, LanOptions } from '../capabilities/lan.ts';
import { bmcRoles } from '../capabilities/users.ts';
import type { CallOptions } from '../result.ts';
import { channelNumber, withoutUndefined } from './channel.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';
import { lanParameters } from './lan-parameters.ts';

const ipv6Address = z.object({
  index: z.number(),
  address: z.string(),
  prefixLength: z.number(),
  source: z.string(),
  enabled: z.boolean().optional(),
  status: z.string(),
});

const ipv6Router = z.object({
  address: z.string().optional(),
  macAddress: z.string().optional(),
  prefix: z.string().optional(),
  prefixLength: z.number().optional(),
});

const cipherSuites = z.array(z.object({ id: z.number(), roleLimit: z.enum([...bmcRoles, 'unused', 'reserved']) }));

const settings = z.object({
  channel: z.number(),
  setInProgress: z.string().optional(),
  macAddress: z.string().optional(),
  source: z.enum(['unspecified', 'static', 'dhcp', 'bios', 'other']).optional(),
  address: z.string().optional(),
  netmask: z.string().optional(),
  gateway: z.string().optional(),
  gatewayMac: z.string().optional(),
  backupGateway: z.string().optional(),
  backupGatewayMac: z.string().optional(),
  vlan: z.number().optional(),
  vlanPriority: z.number().optional(),
  arpResponses: z.boolean().optional(),
  gratuitousArp: z.boolean().optional(),
  gratuitousArpIntervalMs: z.number().optional(),
  timeToLive: z.number().optional(),
  ipFlags: z.number().optional(),
  precedence: z.number().optional(),
  typeOfService: z.number().optional(),
  primaryPort: z.number().optional(),
  secondaryPort: z.number().optional(),
  community: z.string().optional(),
  alertDestinations: z.number().optional(),
  authenticationSupported: z.array(z.string()).optional(),
  authenticationEnabled: z.record(z.string(), z.array(z.string())).optional(),
  cipherSuites,
  badPassword: z
    .object({
      auditEvent: z.boolean(),
      threshold: z.number(),
      resetIntervalSeconds: z.number(),
      lockoutIntervalSeconds: z.number(),
    })
    .optional(),
  ipv6: z
    .object({
      enabled: z.enum(['ipv4', 'ipv6', 'both', 'other']).optional(),
      supportsIpv6Only: z.boolean().optional(),
      supportsBoth: z.boolean().optional(),
      alertsOverIpv6: z.boolean().optional(),
      supportsDhcpv6: z.boolean().optional(),
      supportsSlaac: z.boolean().optional(),
      staticAddresses: z.array(ipv6Address),
      dynamicAddresses: z.array(ipv6Address),
      staticRouters: z.boolean().optional(),
      dynamicRouters: z.boolean().optional(),
      routers: z.array(ipv6Router),
      heardRouters: z.array(ipv6Router),
      hopLimit: z.number().optional(),
      trafficClass: z.number().optional(),
      flowLabel: z.number().optional(),
    })
    .optional(),
  findings: z.array(z.string()).describe('what ought to be changed'),
});

const place = {
  channel: channelNumber.optional().describe('the channel; the one that is asked through when left out'),
};
const forced = {
  ...place,
  force: z.boolean().default(false).describe('even where another client seems to be in the midst of a change'),
};

/** `3=administrator`. */
const suiteRole = z.string().regex(/^\d{1,3}=(?:unused|callback|user|operator|administrator|oem)$/, {
  error: 'give SUITE=ROLE, such as 3=administrator or 0=unused',
});

export const lanCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'lan get',
    summary: "show the BMC's own network settings, all that it tells",
    effect: 'read',
    parameters: z.object(place),
    value: settings,
    run: (bmc, parameters, options) => bmc.lan.get(optionsOf(parameters, options)),
    present,
  }),
  defineBmcCommand({
    name: 'lan set',
    summary: "change the BMC's own network settings; an address may cut the connection",
    effect: 'disruptive',
    parameters: z.object({ ...lanParameters, ...forced }),
    positional: ['address'],
    secrets: ['community'],
    value: settings,
    run: (bmc, parameters, options) => bmc.lan.set(changeOf(parameters), optionsOf(parameters, options)),
    present,
  }),
  defineBmcCommand({
    name: 'lan set-cipher-privileges',
    summary: 'set the highest role for sessions of a cipher suite, or unused',
    effect: 'change',
    parameters: z.object({
      roles: z.array(suiteRole).min(1).describe('SUITE=ROLE, such as 3=administrator or 0=unused'),
      ...forced,
    }),
    positional: ['roles'],
    value: cipherSuites,
    run: (bmc, { roles, ...asked }, options) => bmc.lan.setCipherSuiteRoles(rolesOf(roles), optionsOf(asked, options)),
    present: (suites) => ({
      line: suites.map(({ id, roleLimit }) => `${id}=${roleLimit}`).join(' '),
      table: { columns: ['suite', 'role'], rows: suites.map(({ id, roleLimit }) => [id, roleLimit]) },
    }),
  }),
];

function rolesOf(pairs: readonly string[]): Record<number, 'unused' | (typeof bmcRoles)[number]> {
  const named = (text: string | undefined) => bmcRoles.find((role) => role === text) ?? ('unused' as const);
  return Object.fromEntries(pairs.map((pair) => pair.split('=')).map(([id, role]) => [Number(id), named(role)]));
}

type Asked = z.output<z.ZodObject<typeof lanParameters>>;

/** `none` takes away what can be taken away. */
function changeOf(asked: Asked): LanChange {
  const { vlan, gateway, backupGateway, ipv6Address: ipv6, ipv6PrefixLength, ...rest } = asked;
  const { badPasswordThreshold, badPasswordResetSeconds, badPasswordLockoutSeconds, badPasswordEvent, ...plain } = rest;
  const badPassword = withoutUndefined({
    threshold: badPasswordThreshold,
    resetIntervalSeconds: badPasswordResetSeconds,
    lockoutIntervalSeconds: badPasswordLockoutSeconds,
    auditEvent: badPasswordEvent,
  });
  // `channel` and `force` came along; they are no settings.
  const known = new Set(Object.keys(lanParameters));
  const named = Object.fromEntries(Object.entries(withoutUndefined(plain)).filter(([name]) => known.has(name)));
  return {
    ...named,
    // An address is settable where its source is static only.
    ...(plain.address !== undefined && { source: plain.source ?? 'static' }),
    ...(vlan !== undefined && { vlan: vlan === 'none' ? null : vlan }),
    ...(gateway !== undefined && { gateway: gateway === 'none' ? null : gateway }),
    ...(backupGateway !== undefined && { backupGateway: backupGateway === 'none' ? null : backupGateway }),
    ...(ipv6 !== undefined && {
      ipv6Address: ipv6 === 'none' ? null : { address: ipv6, prefixLength: ipv6PrefixLength },
    }),
    ...(Object.keys(badPassword).length > 0 && { badPassword }),
  };
}

function optionsOf(asked: { channel?: number | undefined; force?: boolean }, options?: CallOptions): LanOptions {
  const { channel, force } = asked;
  return { ...options, ...(channel !== undefined && { channel }), ...(force !== undefined && { force }) };
}

function present(value: z.output<typeof settings>): BmcPresentation {
  const { cipherSuites: suites, ipv6, findings, authenticationEnabled, badPassword, ...plain } = value;
  // What the BMC does not tell is left out, as it is in JSON.
  const rows = Object.entries(withoutUndefined(plain)).map(([name, shown]) => [
    name,
    Array.isArray(shown) ? shown.join(' ') : String(shown),
  ]);
  for (const [role, types] of Object.entries(authenticationEnabled ?? {})) {
    rows.push([`authenticationEnabled.${role}`, types.join(' ')]);
  }
  rows.push(['cipherSuites', suites.map(({ id, roleLimit }) => `${id}=${roleLimit}`).join(' ')]);
  for (const [name, shown] of Object.entries(withoutUndefined(badPassword ?? {})))
    rows.push([`badPassword.${name}`, String(shown)]);
  for (const [name, shown] of Object.entries(withoutUndefined(ipv6 ?? {}))) {
    rows.push([`ipv6.${name}`, Array.isArray(shown) ? shown.map(routerOrAddress).join(', ') : String(shown)]);
  }
  for (const finding of findings) rows.push(['finding', finding]);
  const from = value.source === undefined ? '' : `, ${value.source}`;
  return {
    line: `channel ${value.channel}: ${value.address ?? 'no IPv4 address'}${from}, ${value.macAddress ?? 'no MAC address'}`,
    table: { columns: ['setting', 'value'], rows },
  };
}

function routerOrAddress(shown: z.output<typeof ipv6Address> | z.output<typeof ipv6Router>): string {
  const length = shown.prefixLength === undefined ? '' : `/${shown.prefixLength}`;
  const status = 'status' in shown ? ` (${shown.source}, ${shown.status})` : '';
  return `${shown.address ?? '?'}${length}${status}`;
}
