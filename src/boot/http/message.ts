import type { IncomingHttpHeaders } from 'node:http';

export interface BootHttpRequest {
  method: 'HEAD' | 'GET' | 'POST';
  /** Decoded, starting with a slash, without doubled slashes, `.` or `..`. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** IPv4 in dotted form, also when the socket is a dual-stack one. */
  remoteAddress: string;
  /** The whole body of a POST. */
  body?: Buffer;
}

export interface BootHttpFile {
  /** 200 unless told; ranges and conditions are answered only for 200. */
  status?: number;
  /** The file on disk. */
  file: string;
  /** From the file's name when left out. */
  contentType?: string;
  headers?: Record<string, string>;
  /** Told once the last byte was handed to the client's connection: the bytes of the body sent. Not told of a HEAD. */
  onSent?: (bytes: number) => void;
}

export type BootHttpResponse =
  | { status: number; headers?: Record<string, string>; body: Uint8Array | string }
  | BootHttpFile;

export type RespondToBootHttp = (request: BootHttpRequest) => Promise<BootHttpResponse>;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * The path and query of a request target (RFC 9112 §3.2, origin-form or absolute-form). Doubled slashes are one: some
 * firmware builds `//name`, and a redirect would end its boot. Undefined when it is none, climbs, or holds a NUL or line
 * break after decoding.
 */
export function parseTarget(target: string): { path: string; query: URLSearchParams } | undefined {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, '');
  const [rawPath = '', ...rawQuery] = relative.split('?');
  if (!rawPath.startsWith('/') && !(rawPath === '' && relative !== target)) return undefined;
  const parts: string[] = [];
  for (const raw of rawPath.split('/')) {
    const part = decoded(raw);
    if (part === undefined || part === '..' || /[\0\r\n/\\]/.test(part)) return undefined;
    if (part !== '' && part !== '.') parts.push(part);
  }
  return { path: `/${parts.join('/')}`, query: new URLSearchParams(rawQuery.join('?')) };
}
