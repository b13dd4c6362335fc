/**
 * What the API says and hears, as zod schemas: they validate requests, serialise answers, make the OpenAPI document and
 * parse what the command line receives. Times are ISO 8601 in UTC. `null` says "known to be none"; a missing field says
 * "does not apply now".
 */
import { z } from 'zod';

export const time = z.iso.datetime().describe('ISO 8601, UTC');

/** The design's lifecycle states, as a person sees them. */
export const machineStates = [
  'discovered',
  'inspecting',
  'free',
  'allocated',
  'deploying',
  'active',
  'recovering',
  'failed',
  'releasing',
  'wiping',
  'quarantined',
  'retired',
] as const;

export const operationStates = ['queued', 'running', 'succeeded', 'failed', 'aborted'] as const;
/** Operation states that nothing leads out of. */
export const endedOperationStates: readonly OperationState[] = ['succeeded', 'failed', 'aborted'];

export const powerStates = ['on', 'off', 'unknown'] as const;
export const actionOutcomes = ['done', 'unsupported', 'failed', 'outcome unknown'] as const;
export const credentialProtocols = ['ipmi', 'vnc'] as const;
export const networkStates = ['probing', 'serving', 'blocked', 'unserved', 'failed'] as const;

/** Of an incident, one machine's failure episode. */
export const incidentStates = ['open', 'healing', 'held', 'escalated', 'resolved'] as const;

export const failureSchema = z
  .object({
    step: z.string().nullable().describe('the step that failed'),
    code: z.string().describe('stable error code'),
    message: z.string(),
    remedy: z.string().describe('what to do next'),
    verbs: z.array(z.string()).describe('verbs that are safe now'),
  })
  .meta({ id: 'Failure' });

export const machineIncidentSchema = z
  .object({
    id: z.string(),
    state: z.enum(incidentStates),
    reason: z.string().nullable().describe('why it is held or escalated, in words'),
  })
  .meta({ id: 'MachineIncident' });

export const machineViewSchema = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    state: z.enum(machineStates),
    stateSince: time,
    waitsFor: z.string().optional().describe('what the machine waits for in this state'),
    deadline: time.optional().describe('when the wait ends by itself'),
    allowedVerbs: z.array(z.string()),
    power: z.enum(powerStates),
    maintenance: z.boolean(),
    macs: z.array(z.string()),
    uuid: z.string().nullable(),
    serial: z.string().nullable(),
    bmc: z.string().nullable().describe("the BMC's name"),
    image: z.string().nullable().describe('the image it carries or is being given'),
    hostname: z.string().nullable(),
    address: z.string().nullable(),
    operation: z.string().nullable().describe('the id of the operation that runs on it'),
    failure: failureSchema.nullable(),
    incident: machineIncidentSchema.nullable().describe('its incident that is not resolved'),
    lastHeardAt: time.nullable().describe("its agent's last heartbeat"),
  })
  .meta({ id: 'Machine' });

export const claimSchema = z
  .object({
    kind: z.string().describe('mac, uuid, serial, …'),
    value: z.string(),
    source: z.string().describe('who says so: dhcp, ramdisk, bmc, configuration, …'),
    at: time,
  })
  .meta({ id: 'Claim' });

export const progressSchema = z
  .object({
    text: z.string(),
    done: z.number().optional(),
    total: z.number().optional(),
    unit: z.string().optional().describe('bytes, or what is counted'),
  })
  .meta({ id: 'Progress' });

export const operationViewSchema = z
  .object({
    id: z.string(),
    kind: z.string().describe('deploy, inspect, …'),
    machine: z.string().nullable().describe("the machine's id"),
    machineName: z.string().nullable().describe("the machine's name, where it has one"),
    state: z.enum(operationStates),
    step: z.string().nullable(),
    progress: progressSchema.nullable(),
    startedAt: time,
    endedAt: time.nullable(),
    deadline: time.nullable(),
    failure: failureSchema.nullable(),
  })
  .meta({ id: 'Operation' });

export const operationStepSchema = z
  .object({
    name: z.string(),
    state: z.string(),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    detail: z.string().optional(),
  })
  .meta({ id: 'OperationStep' });

export const operationDetailSchema = operationViewSchema
  .extend({
    steps: z.array(operationStepSchema),
    log: z.array(z.object({ time, text: z.string() })),
  })
  .meta({ id: 'OperationDetail' });

export const machineDetailSchema = machineViewSchema
  .extend({
    claims: z.array(claimSchema),
    inventory: z.record(z.string(), z.unknown()).nullable().describe('what inspection found'),
    operations: z.array(operationViewSchema).describe('the newest first'),
  })
  .meta({ id: 'MachineDetail' });

export const bmcViewSchema = z
  .object({
    name: z.string(),
    driver: z.string(),
    address: z.string().nullable(),
    port: z.number().int().nullable(),
    credential: z.string().nullable().describe("the credential's name, never its content"),
    machine: z.string().nullable().describe("the machine's id"),
    machineName: z.string().nullable().describe("the machine's name, where it has one"),
    power: z.enum(powerStates),
    state: z.string().describe('ready, unreachable, credential refused, left alone, unknown'),
    reason: z.string().optional(),
  })
  .meta({ id: 'Bmc' });

export const evidenceSchema = z.object({ source: z.string(), detail: z.string(), at: time }).meta({ id: 'Evidence' });

export const bmcDetailSchema = bmcViewSchema
  .extend({
    guid: z.string().nullable(),
    mac: z.string().nullable(),
    device: z.record(z.string(), z.unknown()).nullable().describe('what the BMC says of itself'),
    evidence: z.array(evidenceSchema),
  })
  .meta({ id: 'BmcDetail' });

export const actionErrorSchema = z
  .object({ code: z.string(), message: z.string(), remedy: z.string() })
  .meta({ id: 'ActionError' });

/** `value` is what the command's own schema says; see docs/bmc/commands.md. */
export const bmcAnswerSchema = z
  .object({
    bmc: z.string(),
    driver: z.string(),
    outcome: z.enum(actionOutcomes),
    value: z.unknown().optional().describe('what was read or reached, when it is done'),
    evidence: z.array(evidenceSchema),
    error: actionErrorSchema.optional().describe('why it is not done'),
  })
  .meta({ id: 'BmcAnswer' });

export const eventViewSchema = z
  .object({
    sequence: z.number().int(),
    time,
    kind: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    operationId: z.string().optional(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });

export const networkViewSchema = z
  .object({
    name: z.string(),
    interface: z.string(),
    subnet: z.string(),
    state: z.enum(networkStates),
    rival: z.string().optional().describe("the other DHCP server's address"),
    reason: z.string().optional(),
  })
  .meta({ id: 'Network' });

export const leaseViewSchema = z
  .object({
    network: z.string(),
    mac: z.string(),
    address: z.string(),
    hostname: z.string().nullable(),
    state: z.string(),
    expiresAt: time.nullable().describe('null: never'),
    machine: z.string().nullable().describe("the machine's id"),
    machineName: z.string().nullable().describe("the machine's name, where it has one"),
  })
  .meta({ id: 'Lease' });

export const imageViewSchema = z
  .object({
    name: z.string(),
    file: z.string(),
    sha256: z.string(),
    sizeBytes: z.number().int().nullable(),
    state: z.string().describe('ready, missing, digest mismatch, unchecked'),
    reason: z.string().optional(),
  })
  .meta({ id: 'Image' });

/** RFC 9457 problem details, with the catalogue's code and what to do next. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    field: z.string().optional(),
    value: z.string().optional(),
    remedy: z.string(),
    instance: z.string(),
    errors: z
      .array(
        z.object({
          field: z.string().describe('the field, or FILE:LINE'),
          detail: z.string(),
          value: z.string().optional(),
          remedy: z.string().optional(),
        }),
      )
      .optional()
      .describe('every finding, where there is more than one'),
  })
  .meta({ id: 'Problem' });

const label = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/, 'must be letters, digits and inner hyphens');

/** RFC 1123 section 2.1: labels of letters, digits and inner hyphens, joined by dots. */
const hostname = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
    'must be a host name: letters, digits and inner hyphens, parts joined by dots',
  );

export const deployRequestSchema = z
  .strictObject({
    image: z.string().min(1).max(255).describe("the image's name"),
    hostname: hostname.optional(),
    disk: z.string().min(1).max(255).optional().describe('the disk to write, for example /dev/vda'),
    name: label.optional().describe('a name for the machine'),
  })
  .meta({ id: 'DeployRequest' });

export const nameRequestSchema = z.strictObject({ name: label }).meta({ id: 'NameRequest' });
export const maintenanceRequestSchema = z
  .strictObject({ maintenance: z.boolean(), reason: z.string().max(500).optional() })
  .meta({ id: 'MaintenanceRequest' });
export const abortRequestSchema = z
  .strictObject({ reason: z.string().max(500).optional() })
  .meta({ id: 'AbortRequest' });
const password = z.string().max(1024);
export const credentialRequestSchema = z
  .discriminatedUnion('protocol', [
    z.strictObject({
      protocol: z.literal('ipmi'),
      username: z.string().max(255),
      password,
      kg: z.string().max(1024).optional().describe("the BMC's K_g key: text, or 0x and 40 hexadecimal digits"),
    }),
    z.strictObject({ protocol: z.literal('vnc'), username: z.literal('').default(''), password }),
  ])
  .meta({ id: 'CredentialRequest' });
export const operationFilterSchema = z.strictObject({
  machine: z.string().max(255).optional(),
  state: z.enum(operationStates).optional(),
});
export const credentialViewSchema = z.object({ name: z.string() }).meta({ id: 'Credential' });

export type MachineState = (typeof machineStates)[number];
export type OperationState = (typeof operationStates)[number];
export type FailureView = z.infer<typeof failureSchema>;
export type MachineView = z.infer<typeof machineViewSchema>;
export type MachineDetail = z.infer<typeof machineDetailSchema>;
export type OperationView = z.infer<typeof operationViewSchema>;
export type OperationDetail = z.infer<typeof operationDetailSchema>;
export type BmcView = z.infer<typeof bmcViewSchema>;
export type BmcDetail = z.infer<typeof bmcDetailSchema>;
export type EventView = z.infer<typeof eventViewSchema>;
export type NetworkView = z.infer<typeof networkViewSchema>;
export type LeaseView = z.infer<typeof leaseViewSchema>;
export type ImageView = z.infer<typeof imageViewSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type CredentialRequest = z.infer<typeof credentialRequestSchema>;
export type DeployRequest = z.infer<typeof deployRequestSchema>;
export type MaintenanceRequest = z.infer<typeof maintenanceRequestSchema>;
export type OperationFilter = z.infer<typeof operationFilterSchema>;
