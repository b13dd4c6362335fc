/** The driver contract: what a BMC can be asked, one property per capability. */
import type { AlertingCapability } from './capabilities/alerting.ts';
import { alertingMethods } from './capabilities/alerting.ts';
import type { ChassisCapability } from './capabilities/chassis.ts';
import { chassisMethods } from './capabilities/chassis.ts';
import type { DataCentreCapability } from './capabilities/data-centre.ts';
import { dataCentreMethods } from './capabilities/data-centre.ts';
import type { FansCapability } from './capabilities/fans.ts';
import { fansMethods } from './capabilities/fans.ts';
import type { WatchdogCapability } from './capabilities/watchdog.ts';
import { watchdogMethods } from './capabilities/watchdog.ts';
import type { BiosSettingsCapability } from './capabilities/bios-settings.ts';
import { biosSettingsMethods } from './capabilities/bios-settings.ts';
import type { BmcResetCapability } from './capabilities/bmc-reset.ts';
import { bmcResetMethods } from './capabilities/bmc-reset.ts';
import type { BootDeviceCapability } from './capabilities/boot-device.ts';
import { bootDeviceMethods } from './capabilities/boot-device.ts';
import type { ChannelsCapability } from './capabilities/channels.ts';
import { channelsMethods } from './capabilities/channels.ts';
import type { ConnectionCapability } from './capabilities/connection.ts';
import { connectionMethods } from './capabilities/connection.ts';
import type { ConsoleCapability } from './capabilities/console.ts';
import { consoleMethods } from './capabilities/console.ts';
import type { FirmwareCapability } from './capabilities/firmware.ts';
import { firmwareMethods } from './capabilities/firmware.ts';
import type { FruCapability } from './capabilities/fru.ts';
import { fruMethods } from './capabilities/fru.ts';
import type { IdentifyLedCapability } from './capabilities/identify-led.ts';
import { identifyLedMethods } from './capabilities/identify-led.ts';
import type { IdentityCapability } from './capabilities/identity.ts';
import { identityMethods } from './capabilities/identity.ts';
import type { LanCapability } from './capabilities/lan.ts';
import { lanMethods } from './capabilities/lan.ts';
import type { PowerCapability } from './capabilities/power.ts';
import { powerMethods } from './capabilities/power.ts';
import type { RawCapability } from './capabilities/raw.ts';
import { rawMethods } from './capabilities/raw.ts';
import type { SensorsCapability } from './capabilities/sensors.ts';
import { sensorsMethods } from './capabilities/sensors.ts';
import type { SerialPortCapability } from './capabilities/serial-port.ts';
import { serialPortMethods } from './capabilities/serial-port.ts';
import type { SystemEventLogCapability } from './capabilities/system-event-log.ts';
import { systemEventLogMethods } from './capabilities/system-event-log.ts';
import type { UsersCapability } from './capabilities/users.ts';
import { usersMethods } from './capabilities/users.ts';
import type { VirtualMediaCapability } from './capabilities/virtual-media.ts';
import { virtualMediaMethods } from './capabilities/virtual-media.ts';
import type { CapabilityName, DriverName } from './names.ts';
import type { Unsupported } from './result.ts';

export interface Capabilities extends Record<CapabilityName, object> {
  power: PowerCapability;
  bootDevice: BootDeviceCapability;
  identity: IdentityCapability;
  identifyLed: IdentifyLedCapability;
  sensors: SensorsCapability;
  systemEventLog: SystemEventLogCapability;
  fru: FruCapability;
  users: UsersCapability;
  channels: ChannelsCapability;
  lan: LanCapability;
  console: ConsoleCapability;
  serialPort: SerialPortCapability;
  virtualMedia: VirtualMediaCapability;
  firmware: FirmwareCapability;
  biosSettings: BiosSettingsCapability;
  bmcReset: BmcResetCapability;
  raw: RawCapability;
  alerting: AlertingCapability;
  chassis: ChassisCapability;
  connection: ConnectionCapability;
  dataCentre: DataCentreCapability;
  fans: FansCapability;
  watchdog: WatchdogCapability;
}

/** Every method of every capability; the types keep it complete. */
export const capabilityMethods: { readonly [Name in keyof Capabilities]: Record<keyof Capabilities[Name], true> } = {
  power: powerMethods,
  bootDevice: bootDeviceMethods,
  identity: identityMethods,
  identifyLed: identifyLedMethods,
  sensors: sensorsMethods,
  systemEventLog: systemEventLogMethods,
  fru: fruMethods,
  users: usersMethods,
  channels: channelsMethods,
  lan: lanMethods,
  console: consoleMethods,
  serialPort: serialPortMethods,
  virtualMedia: virtualMediaMethods,
  firmware: firmwareMethods,
  biosSettings: biosSettingsMethods,
  bmcReset: bmcResetMethods,
  raw: rawMethods,
  alerting: alertingMethods,
  chassis: chassisMethods,
  connection: connectionMethods,
  dataCentre: dataCentreMethods,
  fans: fansMethods,
  watchdog: watchdogMethods,
};

/** A whole set of capabilities of which every method answers `unsupported`; a driver puts its own over it. */
export function unsupportedCapabilities(driver: DriverName, reason: string): Capabilities {
  function answer<Name extends CapabilityName>(capability: Name) {
    return unsupportedMethods(driver, capability, Object.keys(capabilityMethods[capability]), reason);
  }
  const all = Object.keys(capabilityMethods).filter(isCapabilityName);
  // Sound because capabilityMethods lists every method of every capability, and `Unsupported` fits every result.
  return Object.fromEntries(all.map((name) => [name, answer(name)])) as unknown as Capabilities;
}

export function isCapabilityName(name: string): name is CapabilityName {
  return Object.hasOwn(capabilityMethods, name);
}

function unsupportedMethods(
  driver: DriverName,
  capability: CapabilityName,
  methods: readonly string[],
  reason: string,
): Record<string, () => Promise<Unsupported>> {
  const answer: Unsupported = { outcome: 'unsupported', driver, capability, reason };
  return Object.fromEntries(methods.map((method) => [method, () => Promise.resolve(answer)]));
}
