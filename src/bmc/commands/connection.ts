/** How a BMC is reached: ping, what authentication it offers, sessions, quirks; and any command as bytes. */
import { z } from 'zod';
import { AthanorError } from '../../errors/index.ts';
import type { RawResponse } from '../capabilities/raw.ts';
import type { BmcResult } from '../result.ts';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

const byte = z.number().int().min(0).max(255);
const address = byte.describe('8-bit address, as 0x82');
const channel = z.number().int().min(0).max(15);

export const connectionCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'ping',
    summary: 'tell whether the BMC is there, without logging in',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({
      by: z.enum(['presence ping', 'authentication capabilities']),
      roundTripMs: z.number(),
      ipmiSupported: z.boolean(),
      rmcpSecurityExtensions: z.boolean().optional(),
      dash: z.boolean().optional(),
    }),
    run: (bmc, _parameters, options) => bmc.connection.ping(options),
    present: ({ by, roundTripMs, ipmiSupported }) => ({
      line: `answers the ${by} after ${roundTripMs.toFixed(1)} ms${ipmiSupported ? '' : ', but does not speak IPMI'}`,
    }),
  }),
  defineBmcCommand({
    name: 'auth',
    summary: 'tell what ways in the BMC offers to anybody, and what is unsafe about them',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({
      channel: z.number(),
      ipmi15: z.boolean(),
      ipmi20: z.boolean(),
      systemKeySet: z.boolean(),
      namedUsers: z.boolean(),
      nullUsers: z.boolean(),
      anonymousLogin: z.boolean(),
      perMessageAuthentication: z.boolean(),
      userLevelAuthentication: z.boolean(),
      authenticationTypes: z.array(z.string()),
      cipherSuites: z
        .array(
          z.object({
            id: z.number(),
            oem: z.number().optional(),
            authentication: z.string(),
            integrity: z.array(z.string()),
            confidentiality: z.array(z.string()),
          }),
        )
        .optional(),
      suiteZeroAccepted: z.boolean().optional(),
      findings: z.array(z.object({ severity: z.enum(['danger', 'warning', 'note']), text: z.string() })),
    }),
    run: (bmc, _parameters, options) => bmc.connection.authentication(options),
    present({ ipmi15, ipmi20, cipherSuites, findings }) {
      const versions = [ipmi20 ? '2.0' : '', ipmi15 ? '1.5' : ''].filter((version) => version !== '');
      const suites = cipherSuites?.map(({ id }) => id).join(', ') ?? 'not listed';
      return {
        line: `IPMI ${versions.join(' and ')}, cipher suites ${suites}`,
        lineToo: true,
        table: { columns: ['severity', 'finding'], rows: findings.map(({ severity, text }) => [severity, text]) },
      };
    },
  }),
  defineBmcCommand({
    name: 'session info',
    summary: 'tell about the session that is used, and with --all about those of others',
    effect: 'read',
    parameters: z.object({ all: z.boolean().default(false).describe('the sessions of others too') }),
    value: z.object({
      cipherSuite: z.number(),
      privilege: z.string(),
      possibleSessions: z.number(),
      activeSessions: z.number(),
      sessions: z.array(
        z.object({
          handle: z.number(),
          own: z.boolean(),
          userId: z.number(),
          privilege: z.string(),
          channel: z.number(),
          protocol: z.string(),
          address: z.string().optional(),
          mac: z.string().optional(),
          port: z.number().optional(),
        }),
      ),
    }),
    run: (bmc, { all }, options) => bmc.connection.sessions(all, options),
    present: ({ cipherSuite, activeSessions, possibleSessions, sessions }) => ({
      line: `${activeSessions} of ${possibleSessions} sessions active; this one with cipher suite ${cipherSuite}`,
      lineToo: true,
      table: {
        columns: ['handle', 'user', 'privilege', 'channel', 'address', 'port', 'own'],
        rows: sessions.map((session) => [
          session.handle,
          session.userId,
          session.privilege,
          session.channel,
          session.address,
          session.port,
          session.own ? 'yes' : '',
        ]),
      },
    }),
  }),
  defineBmcCommand({
    name: 'quirks',
    summary: 'list what the BMC does otherwise than the specification, and with --all every quirk there is',
    effect: 'read',
    parameters: z.object({ all: z.boolean().default(false).describe('the whole table') }),
    value: z.array(
      z.object({ name: z.string(), summary: z.string(), source: z.string(), because: z.string().optional() }),
    ),
    run: (bmc, { all }, options) => bmc.connection.quirks(all, options),
    present(list) {
      const holding = list.filter(({ because }) => because !== undefined).length;
      return {
        line: holding === 0 ? 'no quirks' : `${holding} ${holding === 1 ? 'quirk' : 'quirks'}`,
        table: {
          columns: ['quirk', 'holds', 'summary'],
          rows: list.map(({ name, because, summary }) => [name, because ?? '', summary]),
        },
      };
    },
  }),
  defineBmcCommand({
    name: 'raw',
    summary: 'send any command as bytes, once, and show the answer',
    effect: 'disruptive',
    parameters: z.object({
      networkFunction: z.number().int().min(0).max(62).describe('network function, as 0x06'),
      command: byte.describe('command, as 0x01'),
      data: z.array(byte).default([]).describe('the bytes of the request'),
      lun: z.number().int().min(0).max(3).optional().describe('logical unit; 0 when left out'),
      targetAddress: address.optional().describe('the controller behind the BMC, as 0x82'),
      targetChannel: channel.default(0).describe("the controller's channel"),
      transitAddress: address.optional().describe('the controller on the way to it'),
      transitChannel: channel.default(0).describe('its channel'),
      idempotent: z
        .boolean()
        .default(false)
        .describe('running it twice does no harm: send it again if no answer comes'),
    }),
    positional: ['networkFunction', 'command', 'data'],
    value: z.object({ completionCode: z.number(), text: z.string(), data: z.string() }),
    async run(bmc, parameters, options) {
      const { networkFunction, command, data, idempotent, lun } = parameters;
      const hop = (at: number | undefined, over: number) => (at === undefined ? [] : [{ channel: over, address: at }]);
      const through = [
        ...hop(parameters.transitAddress, parameters.transitChannel),
        ...hop(parameters.targetAddress, parameters.targetChannel),
      ];
      const target = { ...(lun !== undefined && { lun }), ...(through.length > 0 && { through }) };
      const request = { networkFunction, command, data: Buffer.from(data), idempotent, ...target };
      return failedWhereRefused(bmc.settings.name, await bmc.raw.send(request, options));
    },
    present: ({ completionCode, text, data }) => ({
      line: completionCode === 0 ? data.replaceAll(/(..)(?=.)/g, '$1 ') : `0x${completionCode.toString(16)} ${text}`,
    }),
  }),
];

/** To the driver any completion code is an answer; to a person's script a refusal is a failure. */
function failedWhereRefused(name: string, result: BmcResult<RawResponse>): BmcResult<RawResponse> {
  if (result.outcome !== 'done' || result.value.completionCode === 0) return result;
  const { completionCode, text, data } = result.value;
  const code = `0x${completionCode.toString(16).padStart(2, '0')}`;
  const rest = data === '' ? '' : `, with ${data}`;
  const error = new AthanorError('bmc-refused', `BMC ${name} refused the command: ${text} (${code})${rest}`);
  return { outcome: 'failed', driver: result.driver, error, evidence: result.evidence };
}
