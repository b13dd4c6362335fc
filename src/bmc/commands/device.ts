/** The BMC itself: who it is, how it is, and starting it anew. */
import { z } from 'zod';
import type { Bmc } from '../open-bmc.ts';
import type { BmcResult, CallOptions } from '../result.ts';
import { manufacturerName } from '../manufacturers.ts';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

const guid = z.object({
  raw: z.string().describe('the 16 bytes as they came, in hex'),
  candidates: z.array(z.string()).describe("how the machine's UUID may be written, the likeliest first"),
});

const information = z.object({
  manufacturerId: z.number(),
  manufacturer: z.string().optional(),
  productId: z.number(),
  deviceId: z.number(),
  deviceRevision: z.number(),
  firmwareVersion: z.string(),
  auxiliaryFirmware: z.string(),
  protocolVersion: z.string(),
  available: z.boolean().describe('false while the BMC initialises or updates itself'),
  guid: guid.optional(),
});

type Information = z.output<typeof information>;

export const deviceCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'info',
    summary: 'tell who made the BMC, its firmware and its GUID',
    effect: 'read',
    parameters: z.object({}),
    value: information,
    run: (bmc, _parameters, options) => readInformation(bmc, options),
    present: (value) => ({ line: inWords(value) }),
  }),
  defineBmcCommand({
    name: 'guid',
    summary: 'tell the GUID that ties the BMC to its machine',
    effect: 'read',
    parameters: z.object({}),
    value: guid,
    run: (bmc, _parameters, options) => bmc.identity.guid(options),
    present: ({ raw, candidates }) => ({ line: candidates[0] ?? `${raw}, which identifies nothing` }),
  }),
  defineBmcCommand({
    name: 'self-test',
    summary: 'tell what the BMC found when it last tested itself',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({
      result: z.enum(['passed', 'not-implemented', 'failed']),
      raw: z.string(),
      faults: z.array(z.string()),
    }),
    run: (bmc, _parameters, options) => bmc.identity.selfTest(options),
    present: ({ result, faults }) => ({ line: [result, ...faults].join(', ') }),
  }),
  defineBmcCommand({
    name: 'acpi',
    summary: 'tell the sleep state that the machine last told the BMC',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({ system: z.string(), device: z.string() }),
    run: (bmc, _parameters, options) => bmc.identity.acpiPowerState(options),
    present: ({ system, device }) => ({ line: `${system}, ${device}` }),
  }),
  ...(['cold', 'warm'] as const).map((kind) =>
    defineBmcCommand({
      name: `reset ${kind}`,
      summary: `start the BMC anew${kind === 'cold' ? ' as after power loss' : ', keeping what it can'}; the machine keeps running`,
      effect: 'disruptive',
      parameters: z.object({}),
      value: z.object({ answeredAgainAfterMs: z.number() }),
      run: (bmc, _parameters, options) => bmc.bmcReset.reset(kind, options),
      present: ({ answeredAgainAfterMs }) => ({
        line: `answers again after ${Math.round(answeredAgainAfterMs / 1000)} s`,
      }),
    }),
  ),
];

/** A BMC that does not tell its GUID still tells the rest. */
async function readInformation(bmc: Bmc, options?: CallOptions): Promise<BmcResult<Information>> {
  const device = await bmc.identity.deviceId(options);
  if (device.outcome !== 'done') return device;
  const named = { ...device.value, manufacturer: manufacturerName(device.value.manufacturerId) };
  const known = await bmc.identity.guid(options);
  if (known.outcome !== 'done') {
    const why = known.outcome === 'unsupported' ? known.reason : known.error.message;
    const evidence = [...device.evidence, { source: 'GUID', detail: why, at: device.evidence.at(-1)?.at ?? 0 }];
    return { ...device, value: named, evidence };
  }
  return { ...device, value: { ...named, guid: known.value }, evidence: [...device.evidence, ...known.evidence] };
}

function inWords({ manufacturer, manufacturerId, productId, firmwareVersion, protocolVersion, guid: id }: Information) {
  const maker = manufacturer ?? `manufacturer ${manufacturerId}`;
  const uuid = id?.candidates[0];
  return [`${maker} product ${productId}`, `firmware ${firmwareVersion}`, protocolVersion, uuid && `GUID ${uuid}`]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}
