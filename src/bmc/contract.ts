/** The driver contract: what a BMC can be asked, one property per capability. */
import type { AlertingCapability } from './capabilities/alerting.ts';
import type { ChassisCapability } from './capabilities/chassis.ts';
import type { DataCentreCapability } from './capabilities/data-centre.ts';
import type { FansCapability } from './capabilities/fans.ts';
import type { WatchdogCapability } from './capabilities/watchdog.ts';
import type { BiosSettingsCapability } from './capabilities/bios-settings.ts';
import type { BmcResetCapability } from './capabilities/bmc-reset.ts';
import type { BootDeviceCapability } from './capabilities/boot-device.ts';
import type { ChannelsCapability } from './capabilities/channels.ts';
import type { ConnectionCapability } from './capabilities/connection.ts';
import type { ConsoleCapability } from './capabilities/console.ts';
import type { FirmwareCapability } from './capabilities/firmware.ts';
import type { FruCapability } from './capabilities/fru.ts';
import type { IdentifyLedCapability } from './capabilities/identify-led.ts';
import type { IdentityCapability } from './capabilities/identity.ts';
import type { LanCapability } from './capabilities/lan.ts';
import type { PowerCapability } from './capabilities/power.ts';
import type { RawCapability } from './capabilities/raw.ts';
import type { SensorsCapability } from './capabilities/sensors.ts';
import type { SerialPortCapability } from './capabilities/serial-port.ts';
import type { SystemEventLogCapability } from './capabilities/system-event-log.ts';
import type { UsersCapability } from './capabilities/users.ts';
import type { VirtualMediaCapability } from './capabilities/virtual-media.ts';
import type { CapabilityName } from './names.ts';

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
  power: { get: true, set: true },
  bootDevice: { get: true, set: true, listOptions: true },
  identity: { deviceId: true, guid: true, selfTest: true, acpiPowerState: true },
  identifyLed: { get: true, set: true },
  sensors: { list: true, describe: true, setThresholds: true, listRecords: true, recordStore: true },
  systemEventLog: {
    info: true,
    list: true,
    clear: true,
    remove: true,
    time: true,
    setTime: true,
    takeBufferedEvent: true,
  },
  fru: { list: true, get: true, set: true },
  users: {
    list: true,
    create: true,
    setName: true,
    setPassword: true,
    testPassword: true,
    setEnabled: true,
    setRole: true,
    setSerialConsole: true,
    remove: true,
  },
  channels: { list: true, get: true, setAccess: true },
  lan: { get: true, set: true, setCipherSuiteRoles: true },
  console: { openSerial: true, serialStatus: true, closeSerial: true, graphicalEndpoints: true },
  serialPort: { getConsole: true, setConsole: true, getSerial: true, setSerial: true },
  virtualMedia: { list: true, insert: true, eject: true },
  firmware: { list: true, update: true },
  biosSettings: { get: true, set: true, reset: true },
  bmcReset: { reset: true },
  raw: { send: true },
  alerting: {
    info: true,
    enable: true,
    filters: true,
    enableFilter: true,
    policies: true,
    enablePolicy: true,
    filter: true,
    setPolicy: true,
    strings: true,
    setString: true,
    setDestination: true,
    postpone: true,
    destinations: true,
  },
  chassis: {
    status: true,
    restartCause: true,
    powerOnTime: true,
    getRestorePolicy: true,
    setRestorePolicy: true,
    setPowerCycleInterval: true,
    disableButtons: true,
  },
  connection: { ping: true, authentication: true, sessions: true, quirks: true },
  dataCentre: {
    capabilities: true,
    power: true,
    getPowerLimit: true,
    setPowerLimit: true,
    activatePowerLimit: true,
    getAssetTag: true,
    setAssetTag: true,
    getControllerName: true,
    setControllerName: true,
    thermal: true,
    setTemperatureLimit: true,
    sensors: true,
  },
  fans: { get: true, setMode: true, setDuty: true, hold: true },
  watchdog: { get: true, set: true, start: true, stop: true },
};

export function isCapabilityName(name: string): name is CapabilityName {
  return Object.hasOwn(capabilityMethods, name);
}
