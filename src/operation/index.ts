/**
 * Long work on one machine that outlives the process: each step is recorded before and after its effect, so that it goes on
 * after `kill -9` at any point, can be aborted at any point, and has a deadline. A room that has such work writes an
 * `OperationDefinition`; `serve` hands all of them to `createOperations`. The workflow engine (openworkflow) stays in `engine/`.
 */
export { createOperations } from './operations.ts';
export type { Operations, OperationsOptions } from './operations.ts';
export { OperationInterruption, enumeratePoints, stepsOf } from './definition.ts';
export type {
  InterruptionReason,
  OperationContext,
  OperationDefinition,
  OperationFailure,
  OperationLogger,
  OperationProgress,
  OperationStep,
  StepContext,
  StepEvidence,
  StepProgress,
} from './definition.ts';
export type { OperationDetail, OperationFilter, OperationView, StepView } from './read.ts';
export type { EngineOptions } from './engine/storage.ts';
