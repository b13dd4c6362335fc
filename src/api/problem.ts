/** Any error as an RFC 9457 problem document, from the catalogue of errors. */
import type { FastifyError, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { asAthanorError, AthanorError, catalogue } from '../errors/index.ts';
import type { Problem } from './schemas.ts';

export const problemContentType = 'application/problem+json';

/** Fields whose value never travels back, wherever they stand. */
const secretFields = /(password|token|secret|key)$/i;
const longestValue = 200;

export function problemOf(thrown: unknown, request: FastifyRequest): Problem {
  if (isFastifyError(thrown)) {
    if (hasZodFastifySchemaValidationErrors(thrown)) return validationProblem(thrown, request);
    const status = thrown.statusCode;
    if (status !== undefined && status >= 400 && status < 500) return clientProblem(thrown, status, request);
  }
  const error = asAthanorError(thrown);
  // What went wrong inside is for the log: it may name files and addresses that are no business of the caller.
  const detail = error.code === 'internal' ? 'Athanor failed; the log says why, under this instance.' : error.message;
  const errors = carriedFindings(error);
  return { ...problem(error, detail, request), ...(errors.length === 0 ? {} : { errors }) };
}

const carriedFinding = z.object({
  file: z.string(),
  line: z.number(),
  message: z.string(),
  remedy: z.string(),
  value: z.string().optional(),
});
const mostFindings = 1000;

/** Errors about files carry all that was found in them, each with its place. */
function carriedFindings(error: AthanorError): Finding[] {
  const carried = 'findings' in error && Array.isArray(error.findings) ? error.findings : [];
  return carried.slice(0, mostFindings).flatMap((thing) => {
    const finding = carriedFinding.safeParse(thing).data;
    if (finding === undefined) return [];
    const { file, line, message, remedy, value } = finding;
    const shown = value === undefined ? {} : { value: value.slice(0, longestValue) };
    return [{ field: line === 0 ? file : `${file}:${line}`, detail: message, remedy, ...shown }];
  });
}

function problem(error: AthanorError, detail: string, request: FastifyRequest): Problem {
  const entry = catalogue[error.code];
  return {
    type: `urn:athanor:error:${error.code}`,
    title: entry.title,
    status: entry.status,
    detail,
    code: error.code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.value === undefined || secretFields.test(error.field ?? '') ? {} : { value: error.value }),
    remedy: error.remedy,
    instance: `urn:athanor:request:${request.id}`,
  };
}

/** What Fastify refuses by itself: a body too large, broken JSON, a media type nobody reads. */
function clientProblem(error: FastifyError, status: number, request: FastifyRequest): Problem {
  const known = new AthanorError('invalid-input', error.message, { remedy: 'Correct the request and try again.' });
  return { ...problem(known, error.message, request), status };
}

interface Finding {
  field: string;
  detail: string;
  value?: string;
  remedy?: string;
}

function validationProblem(error: FastifyError, request: FastifyRequest): Problem {
  const part = error.validationContext ?? 'body';
  const input = part === 'querystring' ? request.query : part === 'params' ? request.params : request.body;
  const findings = (error.validation ?? []).flatMap((entry) => findingsOf(entry, part, input));
  const [first] = findings;
  const detail = findings.map((finding) => `${finding.field}: ${finding.detail}`).join('; ');
  const invalid = new AthanorError('invalid-input', detail === '' ? error.message : detail, {
    ...(first === undefined ? {} : { field: first.field }),
    ...(first?.value === undefined ? {} : { value: first.value }),
  });
  return { ...problem(invalid, invalid.message, request), ...(findings.length > 1 ? { errors: findings } : {}) };
}

function findingsOf(issue: FastifySchemaValidationError, part: string, input: unknown): Finding[] {
  const path = issue.instancePath.split('/').filter((key) => key !== '');
  const keys = issue.params['keys'];
  if (Array.isArray(keys)) {
    return keys.map((key) => ({ field: fieldName([...path, String(key)], part), detail: 'is not known here' }));
  }
  const field = fieldName(path, part);
  const value = valueAt(input, path);
  const detail = issue.message ?? 'is not valid';
  return [{ field, detail, ...(value === undefined || secretFields.test(field) ? {} : { value }) }];
}

function fieldName(path: string[], part: string): string {
  return path.length === 0 ? part : path.join('.');
}

function valueAt(input: unknown, path: string[]): string | undefined {
  let value = input;
  for (const key of path) value = isRecord(value) ? value[key] : undefined;
  if (typeof value === 'string') return value.slice(0, longestValue);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFastifyError(thrown: unknown): thrown is FastifyError {
  return thrown instanceof Error && 'statusCode' in thrown && 'code' in thrown && !(thrown instanceof AthanorError);
}
