/**
 * Speaks to a BMC: one interface per capability, drivers behind them, and one serial lane per BMC with a request budget,
 * a circuit breaker and a memory of refused credentials. Knows no database, no API and no lifecycle; clock, sockets and
 * randomness are arguments.
 */
export type * from './capabilities/alerting.ts';
export type * from './capabilities/chassis.ts';
export type * from './capabilities/data-centre.ts';
export type * from './capabilities/fans.ts';
export type * from './capabilities/watchdog.ts';
export type * from './capabilities/bios-settings.ts';
export type * from './capabilities/bmc-reset.ts';
export * from './capabilities/boot-device.ts';
export type * from './capabilities/channels.ts';
export type * from './capabilities/connection.ts';
export * from './capabilities/console.ts';
export type * from './capabilities/firmware.ts';
export type * from './capabilities/fru.ts';
export type * from './capabilities/identify-led.ts';
export type * from './capabilities/identity.ts';
export type * from './capabilities/lan.ts';
export type * from './capabilities/power.ts';
export type * from './capabilities/raw.ts';
export * from './capabilities/sensors.ts';
export * from './capabilities/serial-port.ts';
export type * from './capabilities/system-event-log.ts';
export * from './capabilities/users.ts';
export type * from './capabilities/virtual-media.ts';
export type { BreakerSettings, BreakerState } from './circuit-breaker.ts';
export { type BmcAnswer, answerOf, answerOfError } from './commands/answer.ts';
export type { BmcCommand, BmcCommandEffect, BmcPresentation, BmcTable } from './commands/command.ts';
export { type BmcParameter, parameterFromText, parametersOf, routeOf } from './commands/parameters.ts';
export { loadBmcCommands, loadBmcCommandsBegunBy } from './commands/subjects.ts';
export type { Capabilities } from './contract.ts';
export { capabilityMethods, isCapabilityName } from './contract.ts';
export type { BmcDependencies } from './driver.ts';
export { formatGuid, guidCandidates, isUsableGuid, parseGuid, sameGuid } from './guid.ts';
export type { LaneSettings } from './lane.ts';
export type { CapabilityName, DriverName } from './names.ts';
export type { Bmc } from './open-bmc.ts';
export { openBmc } from './open-bmc.ts';
export type {
  Clock,
  RandomBytes,
  RefusedCredentials,
  UdpChannel,
  UdpEndpoint,
  UdpHandlers,
  UdpTransport,
} from './ports.ts';
export { rememberRefusedInMemory } from './ports.ts';
export type { PingAnswer, PingOptions, PingParts } from './drivers/ipmi/ping.ts';
export { pingBmc } from './drivers/ipmi/ping.ts';
export { createQuirks, isQuirkName, quirkNames } from './quirks/index.ts';
export { drivers } from './registry.ts';
export type { BudgetSettings } from './request-budget.ts';
export type {
  BmcResult,
  CallOptions,
  Done,
  Evidence,
  Failed,
  OutcomeUnknown,
  Unsupported,
} from './result.ts';
export type { CachedRecords, SdrCache } from './sdr-cache.ts';
export { cacheSdrsInMemory } from './sdr-cache.ts';
export type { BmcCredential, BmcSettings, PublicBmcSettings } from './settings.ts';
export { createRandomBytes, createSystemClock, createUdpTransport } from './system-ports.ts';
