/** The `ipmi` driver: IPMI 2.0 over LAN, thin. What is not here answers `unsupported`. */
import { AthanorError } from '../../../errors/index.ts';
import type { CipherSuite } from '../../../protocols/ipmi/index.ts';
import {
  findCipherSuite,
  maximumPasswordLength,
  maximumUsernameLength,
  rmcpPort,
  userKey,
} from '../../../protocols/ipmi/session/index.ts';
import type { Driver, DriverParts } from '../../driver.ts';
import { cacheSdrsInMemory } from '../../sdr-cache.ts';
import { createQuirks } from '../../quirks/index.ts';
import type { BmcSettings } from '../../settings.ts';
import { ipmiCapabilities } from './capabilities.ts';
import { createIpmiClient } from './client.ts';
import type { IpmiConsole } from './console.ts';
import type { IpmiContext } from './context.ts';
import type { SessionSetup } from './session-setup.ts';
import { otherClients } from './other-client.ts';
import { untilClosed } from './until-closed.ts';

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
  const openOtherClient = otherClients({ peer, credential, suites }, { lane, udp, clock, randomBytes, quirks });
  const context: IpmiContext = { peer, client, lane, clock, quirks };
  const sdrCache = dependencies.sdrCache ?? cacheSdrsInMemory();
  const open = untilClosed();
  let consoles: Promise<IpmiConsole> | undefined;
  const loadConsole = async (): Promise<IpmiConsole> => {
    const { ipmiConsole } = await import('./console.ts');
    return ipmiConsole(context, { credential, suites, udp, randomBytes, quirks });
  };
  const console = (): Promise<IpmiConsole> => (consoles ??= loadConsole());
  return {
    capabilities: ipmiCapabilities({ context, credential, udp, randomBytes, sdrCache, openOtherClient, console, open }),
    async close() {
      await Promise.all([open.close(), consoles?.then((loaded) => loaded.close())]);
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
