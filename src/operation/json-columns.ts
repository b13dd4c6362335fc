/** What this room reads back from its own JSON columns. */
import { z } from 'zod';
import { type ErrorCode, catalogue } from '../errors/index.ts';
import { fromJson } from '../store/index.ts';
import type { OperationFailure, OperationProgress, StepEvidence } from './definition.ts';

const evidence = z.record(z.string(), z.json());
const failure = z.object({
  step: z.string(),
  code: z.custom<ErrorCode>((value) => typeof value === 'string' && Object.hasOwn(catalogue, value)),
  message: z.string(),
  remedy: z.string(),
  field: z.string().optional(),
  value: z.string().optional(),
});
const progress = z.object({
  step: z.string(),
  time: z.number(),
  done: z.number().optional(),
  total: z.number().optional(),
  unit: z.string().optional(),
  text: z.string().optional(),
});

export function readEvidence(text: string | null): StepEvidence | undefined {
  return text === null ? undefined : fromJson(evidence, text, 'operation_steps.evidence');
}

/** The failure of an operation, or of a step (kept in its evidence column). */
export function readFailure(text: string | null): OperationFailure | undefined {
  return text === null ? undefined : fromJson(failure, text, 'operations.failure');
}

export function readProgress(text: string | null): OperationProgress | undefined {
  return text === null ? undefined : fromJson(progress, text, 'operations.progress');
}
