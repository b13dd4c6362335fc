/** The errors of the IPMI driver, each with what a person can do about it. Names and addresses only: never a secret. */
import { AthanorError } from '../../../errors/index.ts';
import { sessionStatus, sessionStatusText } from '../../../protocols/ipmi/index.ts';
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
  return new AthanorError('bmc-unreachable', `${where} does not answer ${asked}${said}`, cause);
}

export function refusedCredentialError(peer: Peer, why: string): AthanorError {
  return new AthanorError('bmc-authentication', `BMC ${peer.name} refused credential ${peer.credentialName}: ${why}`);
}

export function setupRefusedError(peer: Peer, step: string, status: number): AthanorError {
  const text = sessionStatusText(status);
  return new AthanorError('bmc-refused', `BMC ${peer.name} refused ${step}: ${text}`, {
    ...(isOutOfResources(status) && {
      remedy: 'All sessions of the BMC are taken. Close other IPMI clients, or wait a minute until it forgets them.',
    }),
  });
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
