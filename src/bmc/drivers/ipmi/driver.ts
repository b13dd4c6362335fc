/** The `ipmi` driver: IPMI 2.0 over LAN, thin. What is not here answers `unsupported`. */
import { AthanorError } from '../../../errors/index.ts';
import type { CipherSuite } from '../../../protocols/ipmi/index.ts';
import {
  findCipherSuite,
  maximumPasswordLength,
  maximumUsernameLength,
  rmcpPort,
} from '../../../protocols/ipmi/index.ts';
import { unsupportedCapabilities } from '../../contract.ts';
import type { Driver, DriverParts } from '../../driver.ts';
import { cacheSdrsInMemory } from '../../sdr-cache.ts';
import type { BmcSettings } from '../../settings.ts';
import { ipmiBootDevice } from './boot-device.ts';
import { createIpmiClient } from './client.ts';
import { ipmiConsole } from './console.ts';
import type { IpmiContext } from './context.ts';
import { ipmiIdentity } from './identity.ts';
import { ipmiPower } from './power.ts';
import { ipmiSensors } from './sensors.ts';

/** 17 first: on a BMC that lacks it the status of Open Session says so, which costs no try of the password. */
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
  const client = createIpmiClient({ peer, credential, suites }, { lane, udp, clock, randomBytes });
  const context: IpmiContext = { peer, client, lane, clock };
  const serial = ipmiConsole(context, { credential, suites, udp, randomBytes, quirks: new Set() });
  return {
    capabilities: {
      ...unsupportedCapabilities('ipmi', 'Athanor does not do this over IPMI yet'),
      power: ipmiPower(context),
      bootDevice: ipmiBootDevice(context),
      identity: ipmiIdentity(context),
      sensors: ipmiSensors(context, dependencies.sdrCache ?? cacheSdrsInMemory(), new Set()),
      console: serial.capability,
    },
    async close() {
      await serial.close();
      await client.close();
    },
  };
}

function requireCredential(settings: BmcSettings): NonNullable<BmcSettings['credential']> {
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
  return credential;
}

function requireSuites(settings: BmcSettings): CipherSuite[] {
  const ids = settings.cipherSuites ?? defaultSuites;
  const refuse = (value: string, why: string): never => {
    throw new AthanorError('bmc-insecure', `BMC ${settings.name}: ${why}`, { field: 'cipherSuites', value });
  };
  if (ids.length === 0) refuse('[]', 'no cipher suite is allowed');
  return ids.map((id) => findCipherSuite(id) ?? refuse(String(id), `cipher suite ${id} is refused as unsafe`));
}
