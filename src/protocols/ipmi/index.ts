/**
 * IPMI over LAN as bytes: RMCP, the ASF presence ping, RMCP+ sessions, LAN messages and the payloads of commands. Pure:
 * no sockets, no clock, no randomness of its own. Section numbers are those of the IPMI specification v2.0 rev. 1.1.
 * Every decoder takes untrusted bytes and throws nothing but IpmiDecodeError.
 */
export * from './session/index.ts';
export * from './commands/boot-options.ts';
export * from './commands/channels.ts';
export * from './commands/chassis-settings.ts';
export * from './commands/configuration-parameters.ts';
export * from './commands/dcmi.ts';
export * from './commands/device.ts';
export * from './commands/event-messages.ts';
export * from './commands/fru.ts';
export * from './commands/payloads.ts';
export * from './commands/pef.ts';
export * from './commands/sel.ts';
export * from './commands/cipher-suite-records.ts';
export * from './commands/session-info.ts';
export * from './commands/users.ts';
export * from './commands/watchdog.ts';
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
