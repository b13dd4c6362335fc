/**
 * What an operation is made of, as data: a room that does long work writes one definition per kind. Because it is data,
 * the checkpoints of every kind can be enumerated, and tests kill the process at each.
 */
import type { Transaction } from 'kysely';
import type { ErrorCode } from '../errors/index.ts';
import type { Database, JsonValue } from '../store/index.ts';

/** What a step leaves behind for people and for later steps: what was seen to be so. */
export type StepEvidence = { [key: string]: JsonValue | undefined };

export interface OperationDefinition<Input = unknown> {
  /** Verb and noun: `deploy-machine`. */
  readonly kind: string;
  /** Reads the input at `start`, and again from the database after a restart. Throws what a person should read. */
  parseInput(value: unknown): Input;
  /** For the whole operation, from `start` on, time spent waiting in the queue or powered down included. */
  readonly deadlineMs: number;
  readonly steps: readonly OperationStep<Input>[];
  /**
   * Steps that come after `steps` and depend on the input. Pure: it is asked again after a restart and must answer the same.
   */
  stepsFrom?(input: Input): readonly OperationStep<Input>[];
  /**
   * Runs in the transaction that ends the operation, so either both happen or neither. An AthanorError here makes the
   * operation end as failed instead (its step is called `end`).
   */
  onSucceeded(trx: Transaction<Database>, context: OperationContext<Input>): Promise<void>;
  onFailed(trx: Transaction<Database>, context: OperationContext<Input>, failure: OperationFailure): Promise<void>;
  onAborted(trx: Transaction<Database>, context: OperationContext<Input>, reason: string): Promise<void>;
}

export interface OperationStep<Input = unknown> {
  /** Unique in its operation: `power-on`. */
  readonly name: string;
  /** For one try of this step. No state without a way out. */
  readonly deadlineMs: number;
  /** Shown to people: what this step waits for. */
  readonly waitsFor?: string;
  /**
   * Asked when an intent was recorded but no result: the process died or stopped in between. Evidence that the effect
   * is already there ends the step without acting again; `undefined` runs it again; an error fails the operation.
   */
  recover?(context: StepContext<Input>): Promise<StepEvidence | undefined>;
  run(context: StepContext<Input>): Promise<StepEvidence>;
}

/** What the hooks at the end of an operation are told. */
export interface OperationContext<Input = unknown> {
  readonly operationId: string;
  readonly machineId: string | null;
  readonly input: Input;
  /** What a step of this operation that is done has left, else undefined. */
  readonly evidenceOf: (stepName: string) => StepEvidence | undefined;
}

export interface StepContext<Input = unknown> extends OperationContext<Input> {
  /** Fires with an `OperationInterruption` as its reason: abort, deadline or shutdown. A step stops acting at once then. */
  readonly signal: AbortSignal;
  /** An earlier try of this step recorded its intent and no result: it may have acted. */
  readonly interrupted: boolean;
  /** How far it is. Kept and announced at most once a second; the last one is never lost. */
  readonly progress: (progress: StepProgress) => void;
  /** A line for people in the operation's log. Never a secret. */
  readonly log: (text: string) => void;
}

export interface StepProgress {
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  /** `bytes`, `seconds`, … */
  readonly unit?: string | undefined;
  readonly text?: string | undefined;
}

/** Progress as kept: with the step it belongs to and its time. */
export interface OperationProgress extends StepProgress {
  readonly step: string;
  readonly time: number;
}

/** Why an operation failed, for people and programs. */
export interface OperationFailure {
  /** The step that failed; `end` when every step was done and only the ending failed. */
  readonly step: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly field?: string | undefined;
  readonly value?: string | undefined;
}

export type InterruptionReason = 'abort' | 'deadline' | 'shutdown';

/** The reason of a step's AbortSignal. */
export class OperationInterruption extends Error {
  override readonly name = 'OperationInterruption';
  readonly reason: InterruptionReason;
  constructor(reason: InterruptionReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The part of a logger this room uses; pino is one. */
export interface OperationLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const parts = ['begin', 'intent', 'effect', 'done'] as const;
export type CheckpointPart = (typeof parts)[number];

/**
 * Name of a checkpoint: `begin` (nothing recorded), `intent` (recorded, not begun), `effect` (happened, not recorded),
 * `done` (recorded).
 */
export function stepPoint(kind: string, step: string, part: CheckpointPart): string {
  return `${kind}/${step}/${part}`;
}

/** The checkpoint between the last step and the transaction that ends the operation. */
export function endPoint(kind: string): string {
  return `${kind}/end`;
}

/** The steps that an operation with this input has. */
export function stepsOf<Input>(
  definition: Pick<OperationDefinition<Input>, 'kind' | 'steps' | 'stepsFrom'>,
  input: Input,
): readonly OperationStep<Input>[] {
  const more = definition.stepsFrom?.(input);
  if (more === undefined) return definition.steps;
  const all = [...definition.steps, ...more];
  checkSteps(definition.kind, all);
  return all;
}

/**
 * Every checkpoint of an operation in the order it passes them when nothing goes wrong.
 *
 * @param steps `definition.steps`, or `stepsOf(definition, input)` where they depend on the input
 */
export function enumeratePoints<Input>(
  definition: Pick<OperationDefinition<Input>, 'kind' | 'steps'>,
  steps: readonly Pick<OperationStep<Input>, 'name'>[] = definition.steps,
): string[] {
  const points = steps.flatMap((step) => parts.map((part) => stepPoint(definition.kind, step.name, part)));
  return [...points, endPoint(definition.kind)];
}

/** Refuses a definition that could leave an operation without a way out. A mistake in the code, found at start. */
export function checkDefinition(definition: OperationDefinition): void {
  const { kind, deadlineMs, steps, stepsFrom } = definition;
  if (!/^[a-z][a-z0-9-]*$/.test(kind)) complain(kind, 'kind is not lower-case words joined by dashes');
  if (!isDeadline(deadlineMs)) complain(kind, 'deadlineMs is not a whole number from 1 to 2^31-1');
  // Steps that depend on the input are checked when there is one.
  if (stepsFrom === undefined) checkSteps(kind, steps);
}

function complain(kind: string, what: string): never {
  throw new Error(`operation definition ${kind}: ${what}`);
}

const longestTimerMs = 2 ** 31 - 1;

function isDeadline(ms: number): boolean {
  return Number.isInteger(ms) && ms > 0 && ms <= longestTimerMs;
}

function checkSteps(kind: string, steps: readonly Pick<OperationStep, 'name' | 'deadlineMs'>[]): void {
  const names = new Set<string>();
  if (steps.length === 0) complain(kind, 'no steps');
  for (const { name, deadlineMs } of steps) {
    if (!/^[a-z][a-z0-9-]*$/.test(name)) complain(kind, `step name ${name} is not lower-case words joined by dashes`);
    if (name === 'end' || names.has(name)) complain(kind, `step name ${name} is taken`);
    if (!isDeadline(deadlineMs)) complain(kind, `deadlineMs of step ${name} is not a whole number from 1 to 2^31-1`);
    names.add(name);
  }
}
