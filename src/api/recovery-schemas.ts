/** What the API says of incidents, screens, rules and playbooks. Like `schemas.ts`, and exported beside it. */
import { z } from 'zod';
import { incidentStates, powerStates, time } from './schemas.ts';

export const incidentViewSchema = z
  .object({
    id: z.string(),
    machine: z.string().describe("the machine's id"),
    machineName: z.string().nullable().describe("the machine's name, where it has one"),
    state: z.enum(incidentStates),
    signal: z.string().describe('what began it: heartbeat-missed'),
    silentSince: time.describe('the last heartbeat'),
    openedAt: time.describe('when the silence was detected'),
    resolvedAt: time.nullable(),
    outage: z.string().nullable().describe('the id of the outage it belongs to'),
    rule: z.string().nullable().describe('the rule that matched last'),
    operation: z.string().nullable().describe('the id of the newest heal operation'),
    attempts: z.number().int().describe('heal operations begun'),
    firstActionAt: time.nullable().describe('when the first action on the machine began'),
    reason: z.string().nullable().describe('why it is held or escalated, in words'),
    outcome: z.string().nullable().describe('healed, returned (by itself or by a person), withdrawn'),
  })
  .meta({ id: 'Incident' });

export const timelineEntrySchema = z
  .object({
    time,
    kind: z.string().describe('incident.opened, incident.observed, incident.acting, …, or a step of the operation'),
    text: z.string(),
    operation: z.string().optional().describe("the operation's id"),
    observation: z.string().optional().describe('the id of the observation that was made or decided on'),
    matched: z.array(z.string()).optional().describe('the lines of the screen that the rule was found in'),
  })
  .meta({ id: 'TimelineEntry' });

const cursor = z.object({ column: z.number().int(), row: z.number().int() }).describe('from 0');

export const observationViewSchema = z
  .object({
    id: z.string(),
    time,
    power: z.enum(powerStates),
    frame: z.string().nullable().describe('the id of the picture: GET /frames/{frame}'),
    lines: z.array(z.string()).nullable().describe('what was read; null: no picture, or it cannot be read'),
    cursor: cursor.nullable(),
    confidence: z.number().min(0).max(1).nullable().describe('of the least certain cell'),
    problem: z.string().nullable().describe('why there is no picture or no text'),
  })
  .meta({ id: 'Observation' });

export const incidentDetailSchema = incidentViewSchema
  .extend({
    timeline: z.array(timelineEntrySchema).describe('in order of time'),
    observations: z.array(observationViewSchema).describe('in order of time'),
  })
  .meta({ id: 'IncidentDetail' });

export const incidentFilters = ['open', 'resolved', 'all'] as const;
export const incidentFilterSchema = z.strictObject({
  state: z.enum(incidentFilters).default('open').describe('open: all that are not resolved'),
});

export const outageViewSchema = z
  .object({
    id: z.string(),
    openedAt: time,
    resolvedAt: time.nullable(),
    machines: z.number().int().describe('how many were silent when it was seen'),
    watched: z.number().int().describe('of how many'),
  })
  .meta({ id: 'Outage' });

const colour = z.string().regex(/^#[0-9a-f]{6}$/);

/** Neighbouring cells of one row that have the same colours. */
export const screenRunSchema = z
  .object({ text: z.string(), foreground: colour, background: colour })
  .meta({ id: 'ScreenRun' });

export const screenReadingSchema = z
  .object({
    font: z.string().describe('which grid and font fitted'),
    columns: z.number().int(),
    rows: z.number().int(),
    lines: z.array(z.string()).describe('one text for each row, U+FFFD where nothing fits'),
    cursor: cursor.nullable(),
    confidence: z.number().min(0).max(1).describe('of the least certain cell'),
    runs: z.array(z.array(screenRunSchema)).optional().describe('the same with colours, row by row'),
  })
  .meta({ id: 'ScreenReading' });

export const screenViewSchema = z
  .object({
    machine: z.string().describe("the machine's id"),
    machineName: z.string().nullable(),
    time,
    power: z.enum(powerStates),
    frame: z.string().nullable().describe('the id of the picture: GET /frames/{frame}'),
    reading: screenReadingSchema.nullable(),
    problem: z.string().nullable().describe('why there is no picture or no text'),
  })
  .meta({ id: 'Screen' });

const source = z.object({ file: z.string(), line: z.number().int() });
const screenConditionSchema = z
  .object({
    all: z.array(z.string()).describe('patterns (RE2) that are all found'),
    none: z.array(z.string()).describe('patterns of which none is found'),
  })
  .meta({ id: 'ScreenCondition' });

export const ruleViewSchema = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    source,
    screen: screenConditionSchema,
    playbook: z.string(),
    attempts: z.object({ most: z.number().int(), withinMs: z.number().int() }).describe('on one machine'),
    tests: z.array(z.object({ frame: z.string(), expect: z.string() })),
  })
  .meta({ id: 'Rule' });

export const playbookStepSchema = z
  .discriminatedUnion('action', [
    z.object({ action: z.literal('power'), to: z.enum(['on', 'off', 'cycle']) }),
    z.object({ action: z.literal('wait-for-heartbeat'), withinMs: z.number().int() }),
    z.object({ action: z.literal('wait-for-screen'), screen: screenConditionSchema, withinMs: z.number().int() }),
    z.object({
      action: z.literal('keys'),
      type: z.string().optional(),
      press: z.array(z.string()),
      see: screenConditionSchema,
      withinMs: z.number().int(),
    }),
  ])
  .meta({ id: 'PlaybookStep' });

export const playbookViewSchema = z
  .object({ name: z.string(), description: z.string().nullable(), source, steps: z.array(playbookStepSchema) })
  .meta({ id: 'Playbook' });

/** Names are relative paths as `rule apply` read them: they stand in findings, nothing is opened by them. */
const ruleFileSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^\p{Cc}]+$/u, 'must hold no control characters'),
    text: z.string(),
  })
  .meta({ id: 'RuleFile' });

export const rulesRequestSchema = z
  .strictObject({ files: z.array(ruleFileSchema).max(500).describe('the whole set: what is not in it is gone') })
  .meta({ id: 'RulesRequest' });

export const ruleSetViewSchema = z
  .object({
    revision: z.number().int().describe('0: none was ever applied'),
    appliedAt: time.nullable(),
    rules: z.array(ruleViewSchema).describe('in the order in which they are tried'),
    playbooks: z.array(playbookViewSchema),
    files: z.array(ruleFileSchema),
  })
  .meta({ id: 'RuleSet' });

export type IncidentView = z.infer<typeof incidentViewSchema>;
export type IncidentDetail = z.infer<typeof incidentDetailSchema>;
export type IncidentFilter = z.infer<typeof incidentFilterSchema>;
export type TimelineEntry = z.infer<typeof timelineEntrySchema>;
export type ObservationView = z.infer<typeof observationViewSchema>;
export type OutageView = z.infer<typeof outageViewSchema>;
export type ScreenView = z.infer<typeof screenViewSchema>;
export type ScreenRun = z.infer<typeof screenRunSchema>;
export type RuleView = z.infer<typeof ruleViewSchema>;
export type PlaybookView = z.infer<typeof playbookViewSchema>;
export type PlaybookStepView = z.infer<typeof playbookStepSchema>;
export type RuleSetView = z.infer<typeof ruleSetViewSchema>;
export type RuleFile = z.infer<typeof ruleFileSchema>;
