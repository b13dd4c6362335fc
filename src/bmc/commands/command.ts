/**
 * One thing a BMC can be asked, as people and programs ask it. The table of all of them makes the CLI's commands (without
 * a server, and through one) and the API's routes, so that these can never differ.
 */
import type { z } from 'zod';
import { AthanorError } from '../../errors/index.ts';
import type { Bmc } from '../open-bmc.ts';
import type { BmcResult, CallOptions } from '../result.ts';

/**
 * - `read` changes nothing.
 * - `change` alters the BMC or its machine in a way that can be taken back.
 * - `disruptive` interrupts the machine or the BMC, or destroys something: people are asked before it runs on several.
 */
export type BmcCommandEffect = 'read' | 'change' | 'disruptive';

export interface BmcTable {
  columns: readonly string[];
  rows: readonly (readonly (string | number | undefined)[])[];
}

/** How a value is shown to people: in one line, and where it is a list as a table, else as `key: value`. */
export interface BmcPresentation {
  line: string;
  table?: BmcTable;
  /** The line says what the table leaves out: people are shown both. */
  lineToo?: true;
}

interface Definition<Parameters extends z.ZodObject, Value> {
  /** The words after `athanor bmc`, e.g. `sel list`; with `/` between them the path in the API. */
  name: string;
  /** Begins in lower case, without a full stop: `clear the system event log`. */
  summary: string;
  effect: BmcCommandEffect;
  /** JSON values with a description each; what is optional has a default or `.optional()`. */
  parameters: Parameters;
  /** The parameters that are given as words, in their order; the others are options `--in-kebab-case`. */
  positional?: readonly (keyof z.output<Parameters> & string)[];
  /** Parameters that are never given on a command line: `--NAME-file`, or asked for. */
  secrets?: readonly (keyof z.output<Parameters> & string)[];
  /** Flags that make it disruptive when they are given. */
  disruptiveWith?: readonly (keyof z.output<Parameters> & string)[];
  /** It answers only when its call is aborted, or after a time that the caller gave: nobody may give up waiting. */
  untilInterrupted?: true;
  /** The shape of the value: JSON. */
  value: z.ZodType<Value>;
  run(bmc: Bmc, parameters: z.output<Parameters>, options?: CallOptions): Promise<BmcResult<Value>>;
  present(value: Value): BmcPresentation;
}

/** A definition whose types are checked at run time instead, so that all fit into one table. */
export interface BmcCommand {
  readonly name: string;
  readonly summary: string;
  readonly effect: BmcCommandEffect;
  readonly parameters: z.ZodObject;
  readonly positional: readonly string[];
  readonly secrets: readonly string[];
  readonly disruptiveWith: readonly string[];
  readonly untilInterrupted?: true;
  readonly value: z.ZodType;
  /** Throws `invalid-input` for parameters that do not fit; everything else is in the result. */
  run(bmc: Bmc, parameters: unknown, options?: CallOptions): Promise<BmcResult<unknown>>;
  /** @param value as `run` or the API gave it */
  present(value: unknown): BmcPresentation;
}

export function defineBmcCommand<Parameters extends z.ZodObject, Value>(
  definition: Definition<Parameters, Value>,
): BmcCommand {
  const { parameters, value } = definition;
  return {
    ...definition,
    positional: definition.positional ?? [],
    secrets: definition.secrets ?? [],
    disruptiveWith: definition.disruptiveWith ?? [],
    async run(bmc, given, options) {
      const parsed = parameters.safeParse(given);
      if (!parsed.success) throw invalidParameters(definition.name, parsed.error);
      return await definition.run(bmc, parsed.data, options);
    },
    present: (shown) => definition.present(value.parse(shown)),
  };
}

function invalidParameters(name: string, error: z.ZodError): AthanorError {
  const [issue] = error.issues;
  const field = issue?.path.join('.') ?? '';
  return new AthanorError('invalid-input', `bmc ${name}: ${field === '' ? '' : `${field}: `}${issue?.message ?? ''}`, {
    field,
  });
}
