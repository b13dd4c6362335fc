/** The parameters of a command as words and options: what the command line and a query of the API are read by. */
import { z } from 'zod';
import type { BmcCommand } from './command.ts';

export interface BmcParameter {
  name: string;
  /** The name as an option, without the dashes: `next-boot-only`. */
  option: string;
  description: string;
  /** `flag`: true or false; `list`: may be given several times. */
  kind: 'flag' | 'value' | 'list';
  /** What it may be, where that can be listed. */
  choices: readonly string[];
  /** What it is when it is left out. */
  preset: unknown;
  required: boolean;
  secret: boolean;
  /** Given as a word, at the place of `positional`. */
  positional: boolean;
}

/** The API's door to a command: reads are GETs with a query, but for those with a secret, which has no place in a URL. */
export function routeOf({ name, effect, secrets }: BmcCommand): { method: 'GET' | 'POST'; path: string } {
  const method = effect === 'read' && secrets.length === 0 ? 'GET' : 'POST';
  return { method, path: name.replaceAll(' ', '/') };
}

type Schema = z.core.$ZodType;

/** Words first, in their order, then the options. */
export function parametersOf(command: BmcCommand): BmcParameter[] {
  const { parameters, positional, secrets } = command;
  const names = [...positional, ...Object.keys(parameters.shape).filter((name) => !positional.includes(name))];
  return names.map((name) => {
    const schema: Schema = parameters.shape[name] ?? z.never();
    const inner = unwrap(schema);
    const nothing = z.safeParse(schema, undefined);
    return {
      name,
      option: name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      description: descriptionOf(schema),
      kind: inner instanceof z.ZodBoolean ? 'flag' : inner instanceof z.ZodArray ? 'list' : 'value',
      choices: choicesOf(inner instanceof z.ZodArray ? unwrap(inner.element) : inner),
      preset: nothing.success ? nothing.data : undefined,
      required: !nothing.success,
      secret: secrets.includes(name),
      positional: positional.includes(name),
    };
  });
}

/** What was given as text (several texts for a list), as the JSON value the parameter takes; what fits nothing stays text. */
export function parameterFromText(command: BmcCommand, name: string, given: string | readonly string[]): unknown {
  const schema: Schema = command.parameters.shape[name] ?? z.never();
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodArray)) return fromText(schema, typeof given === 'string' ? given : (given[0] ?? ''));
  const texts = typeof given === 'string' ? [given] : given;
  return texts.map((text) => fromText(inner.element, text));
}

/** A number comes before a word: whoever takes both means the number when one was written. */
function fromText(schema: Schema, text: string): unknown {
  const candidates: unknown[] = [];
  if (/^[+-]?(\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(text)) candidates.push(Number(text));
  const truth = /^(?:(true|yes|on)|false|no|off)$/i.exec(text);
  if (truth !== null) candidates.push(truth[1] !== undefined);
  candidates.push(text);
  const fitting = candidates.find((candidate) => z.safeParse(schema, candidate).success);
  if (fitting !== undefined) return fitting;
  // Nothing fits: the number where one is wanted, so that the complaint is about its range and not about its kind.
  const [first] = candidates;
  return unwrap(schema) instanceof z.ZodString ? text : first;
}

function unwrap(schema: Schema): Schema {
  let inner = schema;
  for (;;) {
    if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodReadonly
    ) {
      inner = inner.unwrap();
    } else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner;
  }
}

function descriptionOf(schema: Schema): string {
  const own = schema instanceof z.ZodType ? schema.description : undefined;
  if (own !== undefined) return own;
  if (schema instanceof z.ZodPipe) return descriptionOf(schema.in);
  const inner = unwrap(schema);
  return inner === schema ? '' : (innerDescriptions(schema).find((text) => text !== '') ?? '');
}

function innerDescriptions(schema: Schema): string[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return [descriptionOf(schema.unwrap())];
  }
  return [];
}

function choicesOf(schema: Schema): string[] {
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String);
  if (!(schema instanceof z.ZodUnion)) return [];
  const each = schema.options.map((option: Schema) => choicesOf(unwrap(option)));
  return each.every((choices) => choices.length > 0) ? each.flat() : [];
}
