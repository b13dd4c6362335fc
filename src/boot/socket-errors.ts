/** Failures of sockets in words a person can act on: they name the system call, errno, and what to do. */
import { AthanorError, type ErrorCode } from '../errors/index.ts';

/** What was to be bound. */
export interface WantedSocket {
  address: string;
  port: number;
  interface?: string;
}

const codes: Record<string, ErrorCode> = {
  EPERM: 'permission',
  EACCES: 'permission',
  EADDRINUSE: 'address-in-use',
  ENODEV: 'invalid-configuration',
  EADDRNOTAVAIL: 'invalid-configuration',
};

/** A failed system call: `errno` by its name, e.g. `EPERM`. */
export function systemCallError(failed: {
  call: string;
  errno: string;
  description: string;
  interface: string;
  where?: WantedSocket | undefined;
}): AthanorError {
  const { call, errno, description, where } = failed;
  const at = where === undefined ? '' : ` ${where.address}:${where.port}`;
  const message = `${call}${at} on ${failed.interface}: ${errno}, ${description}`;
  if (errno === 'ENODEV') return missingInterface(failed.interface, message);
  return new AthanorError(codes[errno] ?? 'internal', message, context(errno, failed.interface, where));
}

/** An interface that is not there. */
export function missingInterface(interfaceName: string, message: string): AthanorError {
  return new AthanorError('invalid-configuration', message, {
    field: 'interface',
    value: interfaceName,
    remedy: 'Name an interface that `ip link` lists.',
  });
}

/** An error of Node's own sockets, which carries errno's name as its code. */
export function asSocketError(error: unknown, where: WantedSocket): AthanorError {
  if (error instanceof AthanorError) return error;
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  const known = context(errno, where.interface ?? 'an interface', where);
  return new AthanorError(codes[errno] ?? 'internal', message, { ...known, cause: error });
}

interface Context {
  field?: string;
  value?: string;
  remedy?: string;
}

function context(errno: string, interfaceName: string, where: WantedSocket | undefined): Context {
  if (errno === 'EPERM' || errno === 'EACCES') {
    return { remedy: 'Run as root, or give the process CAP_NET_RAW, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE.' };
  }
  if (where === undefined) return {};
  if (errno === 'EADDRINUSE') {
    return { field: 'port', value: String(where.port), remedy: `Stop the program that holds port ${where.port}.` };
  }
  if (errno === 'EADDRNOTAVAIL') {
    const remedy = `Give ${interfaceName} this address, or name one that it has.`;
    return { field: 'address', value: where.address, remedy };
  }
  return {};
}
