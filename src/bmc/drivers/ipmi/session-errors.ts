/** The errors of the IPMI driver, each with what a person can do about it. Names and addresses only: never a secret. */
import type { ErrorCode } from '../../../errors/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import { sessionStatus, sessionStatusText } from '../../../protocols/ipmi/session/index.ts';
import type { Silence } from './link.ts';

export interface Peer {
  name: string;
  address: string;
  port: number;
  credentialName: string;
}

export function silenceError(peer: Peer, asked: string, silence: Silence): AthanorError {
  const where = `BMC ${peer.name} at ${peer.address} port ${peer.port}`;
  if (silence.malformed !== undefined) {
    return new AthanorError(
      'bmc-protocol',
      `${where} answered ${asked} with something else: ${silence.malformed.message}`,
    );
  }
  const cause = silence.socketError === undefined ? {} : { cause: silence.socketError };
  const said = silence.socketError === undefined ? '' : ` (${silence.socketError.message})`;
  return new AthanorError(silenceCode(silence.socketError), `${where} does not answer ${asked}${said}`, cause);
}

/** What the operating system says: ICMP's answers, its own routing table, the resolver of names. */
const codesOfSocketErrors: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'bmc-port-closed',
  EHOSTUNREACH: 'bmc-no-route',
  ENETUNREACH: 'bmc-no-route',
  EHOSTDOWN: 'bmc-no-route',
  ENETDOWN: 'bmc-no-route',
  EADDRNOTAVAIL: 'bmc-no-route',
  EACCES: 'bmc-no-route',
  EPERM: 'bmc-no-route',
  ENOTFOUND: 'bmc-no-route',
  EAI_AGAIN: 'bmc-no-route',
};

function silenceCode(error: Error | undefined): ErrorCode {
  if (error === undefined || !('code' in error) || typeof error.code !== 'string') return 'bmc-unreachable';
  return Object.hasOwn(codesOfSocketErrors, error.code)
    ? (codesOfSocketErrors[error.code] ?? 'bmc-unreachable')
    : 'bmc-unreachable';
}

/** The BMC is there: nothing that counts against it. */
export function silentControllerError(
  peer: Peer,
  { channel, address }: { channel: number; address: number },
  asked: string,
): AthanorError {
  const controller = `controller 0x${address.toString(16)} on channel ${channel} behind BMC ${peer.name}`;
  return new AthanorError('deadline-exceeded', `${controller} does not answer ${asked}`, {
    remedy: 'The BMC itself answers: look whether this controller is there and has power.',
  });
}

export function refusedCredentialError(
  peer: Peer,
  why: string,
  code: 'bmc-authentication' | 'bmc-unknown-user' = 'bmc-authentication',
  remedy?: string,
): AthanorError {
  const message = `BMC ${peer.name} refused credential ${peer.credentialName}: ${why}`;
  return new AthanorError(code, message, remedy === undefined ? {} : { remedy });
}

export function setupRefusedError(peer: Peer, step: string, status: number): AthanorError {
  const message = `BMC ${peer.name} refused ${step}: ${sessionStatusText(status)}`;
  if (isOutOfResources(status)) return new AthanorError('bmc-sessions-full', message);
  if (isRoleRefusal(status)) return new AthanorError('bmc-privilege', message);
  return new AthanorError('bmc-refused', message);
}

export function cipherRefusedError(peer: Peer, suites: readonly number[]): AthanorError {
  return new AthanorError(
    'bmc-cipher-refused',
    `BMC ${peer.name} offers none of the cipher suites ${suites.join(', ')}`,
  );
}

export function insecureError(peer: Peer, why: string): AthanorError {
  return new AthanorError('bmc-insecure', `BMC ${peer.name} ${why}`);
}

/** The credential itself was refused, as opposed to the way it was presented. */
export function isCredentialRefusal(status: number): boolean {
  return (
    status === sessionStatus.unauthorizedName ||
    status === sessionStatus.invalidNameLength ||
    status === sessionStatus.invalidIntegrityCheckValue
  );
}

export function isRoleRefusal(status: number): boolean {
  return status === sessionStatus.invalidRole || status === sessionStatus.unauthorizedRole;
}

export function isOutOfResources(status: number): boolean {
  return status === sessionStatus.insufficientResources || status === sessionStatus.insufficientResourcesForRole;
}

/** The BMC does not do this cipher suite; another may fit. */
export function isSuiteRefusal(status: number): boolean {
  return (
    status === sessionStatus.invalidAuthenticationAlgorithm ||
    status === sessionStatus.invalidIntegrityAlgorithm ||
    status === sessionStatus.invalidConfidentialityAlgorithm ||
    status === sessionStatus.noMatchingAuthenticationPayload ||
    status === sessionStatus.noMatchingIntegrityPayload ||
    status === sessionStatus.noCipherSuiteMatch ||
    status === sessionStatus.illegalParameter
  );
}
