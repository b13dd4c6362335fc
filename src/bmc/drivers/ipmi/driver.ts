/** The `ipmi` driver: IPMI 2.0 over LAN, thin. What is not here answers `unsupported`. */
import { AthanorError } from '../../../errors/index.ts';
import type { CipherSuite } from '../../../protocols/ipmi/index.ts';
import {
  findCipherSuite,
  maximumPasswordLength,
  maximumUsernameLength,
  rmcpPort,
  userKey,
} from '../../../protocols/ipmi/index.ts';
import { unsupportedCapabilities } from '../../contract.ts';
import type { Driver, DriverParts } from '../../driver.ts';
import { cacheSdrsInMemory } from '../../sdr-cache.ts';
import { createQuirks } from '../../quirks/index.ts';
import type { BmcSettings } from '../../settings.ts';
import { ipmiAlerting } from './alerting.ts';
import { ipmiBmcReset } from './bmc-reset.ts';
import { ipmiChassis } from './chassis.ts';
import { ipmiDataCentre } from './data-centre.ts';
import { ipmiFans } from './fans.ts';
import { ipmiIdentifyLed } from './identify-led.ts';
import { ipmiWatchdog } from './watchdog.ts';
import { ipmiBootDevice } from './boot-device.ts';
import { ipmiChannels } from './channels.ts';
import { createIpmiClient } from './client.ts';
import { ipmiConnection } from './connection.ts';
import { ipmiConsole } from './console.ts';
import type { IpmiContext } from './context.ts';
import type { SessionSetup } from './session-setup.ts';
import { ipmiFru } from './fru.ts';
import { ipmiIdentity } from './identity.ts';
import { ipmiLan } from './lan.ts';
import { otherClients } from './other-client.ts';
import { ipmiRaw } from './raw.ts';
import { ipmiPower } from './power.ts';
import { createSdrStore } from './sdr-store.ts';
import { ipmiSensors } from './sensors.ts';
import { ipmiSerialPort } from './serial-port.ts';
import { ipmiUsers } from './users.ts';
import { ipmiSystemEventLog } from './system-event-log.ts';

/** Only these where none is named, for 8 and 12 rest on MD5. 17 first: on a BMC that lacks it the status of Open Session says so, which costs no try of the password. */
const defaultSuites = [17, 3];

export const ipmiDriver: Driver = { name: 'ipmi', open: openIpmi };

function openIpmi(settings: BmcSettings, { lane, dependencies }: DriverParts) {
  const { udp, clock, randomBytes } = dependencies;
  const credential = requireCredential(settings);
  const peer = {
    name: settings.name,
    address: settings.address,
    port: settings.port ?? rmcpPort,
    credentialName: credential.name,
  };
  const suites = requireSuites(settings);
  const quirks = createQuirks(settings.name, settings.quirks);
  const client = createIpmiClient({ peer, credential, suites }, { lane, udp, clock, randomBytes, quirks });
  const open = otherClients({ peer, credential, suites }, { lane, udp, clock, randomBytes, quirks });
  const context: IpmiContext = { peer, client, lane, clock, quirks };
  const sdrCache = dependencies.sdrCache ?? cacheSdrsInMemory();
  const { readRecords: readSdrs } = createSdrStore(context, sdrCache);
  const serial = ipmiConsole(context, { credential, suites, udp, randomBytes, quirks });
  const sensors = ipmiSensors(context, sdrCache);
  return {
    capabilities: {
      ...unsupportedCapabilities('ipmi', 'Athanor does not do this over IPMI yet'),
      power: ipmiPower(context),
      bootDevice: ipmiBootDevice(context),
      watchdog: ipmiWatchdog(context),
      dataCentre: ipmiDataCentre(context),
      alerting: ipmiAlerting(context),
      identifyLed: ipmiIdentifyLed(context),
      chassis: ipmiChassis(context),
      bmcReset: ipmiBmcReset(context),
      identity: ipmiIdentity(context),
      connection: ipmiConnection(context, { udp, randomBytes }),
      raw: ipmiRaw(context),
      sensors,
      fans: ipmiFans(context, sensors),
      systemEventLog: ipmiSystemEventLog({ ...context, readSdrs }),
      fru: ipmiFru({ ...context, readSdrs }),
      console: serial.capability,
      channels: ipmiChannels(context),
      users: ipmiUsers(context, { username: credential.username, open }),
      lan: ipmiLan(context, open),
      serialPort: ipmiSerialPort(context),
    },
    async close() {
      await serial.close();
      await client.close();
    },
  };
}

function requireCredential(settings: BmcSettings): SessionSetup['credential'] {
  const { credential, name } = settings;
  if (credential === undefined) {
    throw new AthanorError('invalid-configuration', `BMC ${name}: the driver ipmi needs a credential`, {
      field: 'credential',
    });
  }
  const lengths = [
    { field: 'credential.username', length: Buffer.byteLength(credential.username), maximum: maximumUsernameLength },
    { field: 'credential.password', length: Buffer.byteLength(credential.password), maximum: maximumPasswordLength },
  ];
  const tooLong = lengths.find(({ length, maximum }) => length > maximum);
  if (tooLong !== undefined) {
    const { field, length, maximum } = tooLong;
    throw new AthanorError(
      'invalid-configuration',
      `BMC ${name}: ${field} of credential ${credential.name} has ${length} bytes; IPMI 2.0 allows ${maximum}`,
      { field },
    );
  }
  const { systemKey, ...login } = credential;
  return { ...login, ...(systemKey !== undefined && { systemKey: requireSystemKey(name, systemKey) }) };
}

/** K_g: 20 bytes, zero-padded. All zeros is as none, for then the password stands in for it (§13.33). */
function requireSystemKey(name: string, text: string): Uint8Array {
  const bytes = /^0x[0-9a-f]{40}$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'utf8');
  if (bytes.length === 0 || bytes.length > maximumPasswordLength || bytes.every((byte) => byte === 0)) {
    throw new AthanorError(
      'invalid-configuration',
      `BMC ${name}: credential.systemKey is neither 1 to ${maximumPasswordLength} bytes of text nor 0x and 40 hexadecimal digits`,
      { field: 'credential.systemKey', remedy: 'Give the K_g key of the BMC, or leave it out where the BMC has none.' },
    );
  }
  return userKey(bytes);
}

function requireSuites(settings: BmcSettings): CipherSuite[] {
  const ids = settings.cipherSuites ?? defaultSuites;
  const refuse = (value: string, why: string): never => {
    throw new AthanorError('bmc-insecure', `BMC ${settings.name}: ${why}`, { field: 'cipherSuites', value });
  };
  if (ids.length === 0) refuse('[]', 'no cipher suite is allowed');
  return ids.map((id) => findCipherSuite(id) ?? refuse(String(id), `cipher suite ${id} is refused as unsafe`));
}
