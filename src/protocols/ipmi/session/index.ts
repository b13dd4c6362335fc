/**
 * What opens a session and asks for the device id and the power, and no more: a fifth of the room's files. The tool, which
 * is started hundreds of times by scripts, is up in half the time by this door; everything else goes through the other one.
 */
export type { AddressedRequest, BridgedResponse, BridgeHop, IpmiTarget } from '../bridging.ts';
export { encodeAddressedRequest, maximumHops, readAddressedResponse } from '../bridging.ts';
export type { CipherSuite } from '../cipher-suites.ts';
export { cipherSuites, findCipherSuite } from '../cipher-suites.ts';
export type { IpmiCommand, NoData } from '../command.ts';
export { networkFunction, noData } from '../command.ts';
export * from '../commands/chassis.ts';
export * from '../commands/identity.ts';
export * from '../commands/send-message.ts';
export * from '../commands/session.ts';
export { completionCode, completionCodeText } from '../completion-codes.ts';
export { IpmiDecodeError } from '../decode-error.ts';
export type { LanDecoding, LanRequest, LanResponse } from '../lan-message.ts';
export {
  bmcAddress,
  checksum,
  decodeLanRequest,
  decodeLanResponse,
  encodeLanRequest,
  encodeLanResponse,
  remoteConsoleAddress,
} from '../lan-message.ts';
export type { PresencePing, PresencePong, RmcpClass } from '../rmcp.ts';
export {
  decodePresencePing,
  decodePresencePong,
  decodeRmcp,
  encodePresencePing,
  encodePresencePong,
  encodeRmcp,
  rmcpPort,
} from '../rmcp.ts';
export type { SecuredPayload } from '../secured-packet.ts';
export { openPacket, sealPacket } from '../secured-packet.ts';
export type { RakpExchange, SessionKeys } from '../session-keys.ts';
export {
  deriveSessionKeys,
  maximumPasswordLength,
  maximumUsernameLength,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  userKey,
} from '../session-keys.ts';
export type { SessionlessMessage, SessionPacket } from '../session-packet.ts';
export {
  decodeSessionPacket,
  encodeSessionless,
  encodeSessionlessPlus,
  encodeSessionSetup,
  payloadType,
} from '../session-packet.ts';
export * from '../session-setup.ts';
export { SequenceWindow } from '../sequence-window.ts';
export { sessionStatus, sessionStatusText } from '../session-status.ts';
