/**
 * IPMI over LAN as bytes: RMCP, the ASF presence ping, RMCP+ sessions, LAN messages and the payloads of commands. Pure:
 * no sockets, no clock, no randomness of its own. Section numbers are those of the IPMI specification v2.0 rev. 1.1.
 * Every decoder takes untrusted bytes and throws nothing but IpmiDecodeError.
 */
export type { AddressedRequest, BridgedResponse, BridgeHop, IpmiTarget } from './bridging.ts';
export { encodeAddressedRequest, maximumHops, readAddressedResponse } from './bridging.ts';
export type { CipherSuite } from './cipher-suites.ts';
export { cipherSuites, findCipherSuite } from './cipher-suites.ts';
export type { IpmiCommand, NoData } from './command.ts';
export { networkFunction, noData } from './command.ts';
export * from './commands/boot-options.ts';
export * from './commands/channels.ts';
export * from './commands/chassis.ts';
export * from './commands/chassis-settings.ts';
export * from './commands/configuration-parameters.ts';
export * from './commands/dcmi.ts';
export * from './commands/device.ts';
export * from './commands/event-messages.ts';
export * from './commands/fru.ts';
export * from './commands/identity.ts';
export * from './commands/payloads.ts';
export * from './commands/pef.ts';
export * from './commands/sel.ts';
export * from './commands/send-message.ts';
export * from './commands/cipher-suite-records.ts';
export * from './commands/session-info.ts';
export * from './commands/session.ts';
export * from './commands/users.ts';
export * from './commands/watchdog.ts';
export { completionCode, completionCodeText } from './completion-codes.ts';
export { IpmiDecodeError } from './decode-error.ts';
export type { LanDecoding, LanRequest, LanResponse } from './lan-message.ts';
export {
  bmcAddress,
  checksum,
  decodeLanRequest,
  decodeLanResponse,
  encodeLanRequest,
  encodeLanResponse,
  remoteConsoleAddress,
} from './lan-message.ts';
export type { PresencePing, PresencePong, RmcpClass } from './rmcp.ts';
export {
  decodePresencePing,
  decodePresencePong,
  decodeRmcp,
  encodePresencePing,
  encodePresencePong,
  encodeRmcp,
  rmcpPort,
} from './rmcp.ts';
export type { SecuredPayload } from './secured-packet.ts';
export { openPacket, sealPacket } from './secured-packet.ts';
export type { RakpExchange, SessionKeys } from './session-keys.ts';
export {
  deriveSessionKeys,
  maximumPasswordLength,
  maximumUsernameLength,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  userKey,
} from './session-keys.ts';
export type { SessionlessMessage, SessionPacket } from './session-packet.ts';
export {
  decodeSessionPacket,
  encodeSessionless,
  encodeSessionlessPlus,
  encodeSessionSetup,
  payloadType,
} from './session-packet.ts';
export * from './session-setup.ts';
export { SequenceWindow } from './sequence-window.ts';
export { sessionStatus, sessionStatusText } from './session-status.ts';
export * from './sensors/event-text.ts';
export * from './sol/packet.ts';
export * from './commands/sdr.ts';
export * from './commands/sensor.ts';
export { idString, idStringText } from './sensors/id-string.ts';
export * from './sensors/reading-conversion.ts';
export * from './sensors/sdr-record.ts';
export type { SensorOwner, SensorRecord, RecordSharing } from './sensors/sensor-record.ts';
export type { RecordedSensor } from './sensors/shared-sensors.ts';
export { recordedSensors } from './sensors/shared-sensors.ts';
