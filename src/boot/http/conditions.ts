import type { IncomingHttpHeaders } from 'node:http';

/** What tells one version of a file from another (RFC 9110 §8.8). */
export interface Validators {
  etag: string;
  /** HTTP date. */
  lastModified: string;
}

/** Validators of a file from its size and modification time. */
export function validatorsOf(file: { size: number; mtimeMs: number }): Validators {
  return {
    etag: `"${file.size.toString(16)}-${Math.trunc(file.mtimeMs * 1000).toString(16)}"`,
    lastModified: new Date(file.mtimeMs).toUTCString(),
  };
}

/** Whether the client has this version already: 304 (RFC 9110 §13.2.2; If-None-Match outranks If-Modified-Since). */
export function notModified(headers: IncomingHttpHeaders, validators: Validators): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === validators.etag);
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Date.parse(validators.lastModified) <= since;
}

export type ByteRange = { start: number; end: number };

/**
 * The one range a request asks for, both ends included (RFC 9110 §14.1.2). `whole` when there is none, when there are
 * several, when it is not understood or its If-Range names another version; `unsatisfiable` is 416.
 */
export function rangeOf(
  headers: IncomingHttpHeaders,
  size: number,
  validators: Validators,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec((headers.range ?? '').replaceAll(' ', ''));
  if (match === null) return 'whole';
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== validators.etag && condition !== validators.lastModified) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? 'unsatisfiable' : { start: size - suffix, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
