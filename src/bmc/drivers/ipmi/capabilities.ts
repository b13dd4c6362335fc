/** What this driver can do, each part loaded when it is first called: most runs of the tool need one of them. */
import type { Capabilities } from '../../contract.ts';
import { CapabilitiesOnDemand, loadedWhenCalled, unsupportedCapability } from '../../capabilities-on-demand.ts';
import type { CapabilityName } from '../../names.ts';
import type { RandomBytes, UdpTransport } from '../../ports.ts';
import type { SdrCache } from '../../sdr-cache.ts';
import type { IpmiConsole } from './console.ts';
import type { IpmiContext } from './context.ts';
import type { SessionSetup } from './session-setup.ts';
import type { OpenOtherClient } from './other-client.ts';
import type { UntilClosed } from './until-closed.ts';

export interface CapabilityParts {
  context: IpmiContext;
  credential: SessionSetup['credential'];
  udp: UdpTransport;
  randomBytes: RandomBytes;
  sdrCache: SdrCache;
  openOtherClient: OpenOtherClient;
  /** The same one for every call: its consoles are closed with the BMC. */
  console(): Promise<IpmiConsole>;
  /** What has to end before the BMC is closed. */
  open: UntilClosed;
}

type Loaders = { readonly [Name in CapabilityName]?: (parts: CapabilityParts) => Promise<Capabilities[Name]> };

/** A capability that is not here answers `unsupported`. */
const loaders: Loaders = {
  power: async ({ context }) => (await import('./power.ts')).ipmiPower(context),
  bootDevice: async ({ context }) => (await import('./boot-device.ts')).ipmiBootDevice(context),
  watchdog: async ({ context }) => (await import('./watchdog.ts')).ipmiWatchdog(context),
  dataCentre: async ({ context }) => (await import('./data-centre.ts')).ipmiDataCentre(context),
  alerting: async ({ context }) => (await import('./alerting.ts')).ipmiAlerting(context),
  identifyLed: async ({ context }) => (await import('./identify-led.ts')).ipmiIdentifyLed(context),
  chassis: async ({ context }) => (await import('./chassis.ts')).ipmiChassis(context),
  bmcReset: async ({ context }) => (await import('./bmc-reset.ts')).ipmiBmcReset(context),
  identity: async ({ context }) => (await import('./identity.ts')).ipmiIdentity(context),
  connection: async ({ context, ...parts }) => (await import('./connection.ts')).ipmiConnection(context, parts),
  raw: async ({ context }) => (await import('./raw.ts')).ipmiRaw(context),
  sensors: loadSensors,
  fans: async (parts) => (await import('./fans.ts')).ipmiFans(parts.context, await loadSensors(parts), parts.open),
  systemEventLog: async (parts) =>
    (await import('./system-event-log.ts')).ipmiSystemEventLog(await withSensorRecords(parts)),
  fru: async (parts) => (await import('./fru.ts')).ipmiFru(await withSensorRecords(parts)),
  console: async (parts) => (await parts.console()).capability,
  channels: async ({ context }) => (await import('./channels.ts')).ipmiChannels(context),
  users: async ({ context, credential: { username }, openOtherClient: open }) =>
    (await import('./users.ts')).ipmiUsers(context, { username, open }),
  lan: async ({ context, openOtherClient }) => (await import('./lan.ts')).ipmiLan(context, openOtherClient),
  serialPort: async ({ context }) => (await import('./serial-port.ts')).ipmiSerialPort(context),
};

export function ipmiCapabilities(parts: CapabilityParts): Capabilities {
  return new CapabilitiesOnDemand((name) => {
    const load = loaders[name];
    if (load === undefined) return unsupportedCapability('ipmi', name, 'Athanor does not do this over IPMI yet');
    return loadedWhenCalled(name, () => load(parts));
  });
}

async function loadSensors({ context, sdrCache }: CapabilityParts): Promise<Capabilities['sensors']> {
  return (await import('./sensors.ts')).ipmiSensors(context, sdrCache);
}

async function withSensorRecords({ context, sdrCache }: CapabilityParts) {
  const { createSdrStore } = await import('./sdr-store.ts');
  return { ...context, readSdrs: createSdrStore(context, sdrCache).readRecords };
}
