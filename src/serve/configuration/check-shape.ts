/** The document against its schema, each issue as a finding that says what to write instead. */
import type { z } from 'zod';
import type { FieldPath, PlacedFinding } from './findings.ts';
import { didYouMean } from '../../errors/index.ts';
import { configurationSchema, knownKeys } from './schema.ts';

export type ConfigurationDocumentShape = z.output<typeof configurationSchema>;

export interface ShapeCheck {
  findings: PlacedFinding[];
  /** Present when there is no finding. */
  shape: ConfigurationDocumentShape | undefined;
}

export function checkShape(content: unknown): ShapeCheck {
  if (content === null || content === undefined || content === '') {
    const remedy = 'Begin with what `athanor config detect` prints.';
    return { findings: [{ severity: 'error', path: [], message: 'The file is empty.', remedy }], shape: undefined };
  }
  const result = configurationSchema.safeParse(content);
  if (result.success) return { findings: [], shape: result.data };
  return { findings: result.error.issues.flatMap((issue) => findingsOf(issue, content, [])), shape: undefined };
}

function findingsOf(issue: z.core.$ZodIssue, content: unknown, prefix: FieldPath): PlacedFinding[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  if (issue.code === 'invalid_union') return fittingBranch(issue, path, content);
  const value = valueAt(content, path);
  const written = typeof value === 'string' ? { value } : {};
  const base = { severity: 'error', path, ...written } as const;
  if (issue.code === 'custom') {
    const remedy: unknown = issue.params?.['remedy'];
    return [{ ...base, message: issue.message, remedy: typeof remedy === 'string' ? remedy : 'Correct it.' }];
  }
  if (issue.code === 'invalid_type' && value === undefined) {
    return [{ ...base, message: 'It is missing.', remedy: `Add \`${String(path.at(-1))}:\` here.` }];
  }
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    const meant = typeof value === 'string' ? didYouMean(value, words) : '';
    const message = value === undefined ? 'It is missing.' : `"${textOf(value)}" is not known here.${meant}`;
    return [{ ...base, message, remedy: `Write ${words.join(' or ')}.` }];
  }
  if (issue.code === 'too_small') return [{ ...base, message: 'The list is empty.', remedy: 'Give at least one.' }];
  const wanted = issue.code === 'invalid_type' ? (expected[issue.expected] ?? issue.expected) : 'something else';
  return [{ ...base, message: `It is ${kindOf(value)}.`, remedy: `Write ${wanted} here.` }];
}

const expected: Record<string, string> = {
  string: 'a single value',
  array: 'a list, each entry on a line of its own beginning with `- `',
  object: 'a section of `key: value` lines',
};

function unknownKey(path: FieldPath, key: string): PlacedFinding {
  const known = knownKeys(path);
  return {
    severity: 'error',
    path: [...path, key],
    atKey: true,
    value: key,
    message: `The key "${key}" is not known here.${didYouMean(key, known)}`,
    remedy: `Known are: ${known.join(', ')}.`,
  };
}

/** Of the forms a field may have, what is wrong with the one the person chose. */
function fittingBranch(issue: z.core.$ZodIssueInvalidUnion, path: FieldPath, content: unknown): PlacedFinding[] {
  const branches = issue.errors.map((issues) => issues.flatMap((inner) => findingsOf(inner, content, path)));
  const mismatched = (issues: readonly z.core.$ZodIssue[]): boolean =>
    issues.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0);
  const chosen = issue.errors.findIndex((issues) => !mismatched(issues));
  return branches[Math.max(0, chosen)] ?? [];
}

function valueAt(content: unknown, path: FieldPath): unknown {
  let value: unknown = content;
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === '') return 'empty';
  return typeof value === 'object' && value !== null ? 'a section' : `"${textOf(value)}"`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 100) : kindOf(value);
}
