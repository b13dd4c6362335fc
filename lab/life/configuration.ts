/** Writes the configuration and the secret files of an Athanor that is to run this rack. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { LabMachine, Rack } from '../index.ts';

export interface LifeSettings {
  /** Where the configuration, the secrets and the data directory go. */
  directory: string;
  image: { name: string; file: string; sha256: string };
  extraImages?: { name: string; file: string; sha256: string }[];
  /** What `make ramdisk` filled; the lab's virtual machines boot its cloud kernel. */
  ramdiskDirectory: string;
  loadersDirectory?: string;
  /** Unix socket of the API. */
  apiSocket: string;
  /** A postgres:// URL, or SQLite when left out. */
  postgresUrl?: string;
  deadlines?: Record<string, string>;
  /** Passwords by machine; the rack's own when left out. */
  passwords?: Record<string, string>;
  /** Section `recovery`; the lab's agents beat once a second when left out. */
  recovery?: Record<string, unknown>;
}

export function credentialName(machine: string): string {
  return `${machine}-login`;
}

export function consoleCredentialName(machine: string): string {
  return `${machine}-console`;
}

export function bmcName(machine: string): string {
  return `${machine}-bmc`;
}

/** @returns the path of the configuration file */
export async function writeConfiguration(rack: Rack, settings: LifeSettings): Promise<string> {
  const secrets = path.join(settings.directory, 'secrets');
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  for (const machine of rack.machines) {
    const password = settings.passwords?.[machine.name] ?? machine.bmcPassword;
    await writeFile(path.join(secrets, machine.name), `${password}\n`, { mode: 0o600 });
    if (machine.consolePassword === undefined) continue;
    const consoleFile = path.join(secrets, consoleCredentialName(machine.name));
    await writeFile(consoleFile, `${machine.consolePassword}\n`, { mode: 0o600 });
  }
  let database: unknown = 'sqlite';
  if (settings.postgresUrl !== undefined) {
    await writeFile(path.join(secrets, 'database'), `${settings.postgresUrl}\n`, { mode: 0o600 });
    database = { postgres: { urlFile: 'secrets/database' } };
  }
  const configuration = {
    site: 'lab',
    dataDirectory: 'data',
    database,
    api: { listen: [`unix:${settings.apiSocket}`] },
    loaders: settings.loadersDirectory ?? '/usr/lib/ipxe',
    ramdisk: { directory: settings.ramdiskDirectory, kernel: 'cloud-amd64' },
    networks: [
      {
        name: 'provisioning',
        interface: rack.provisioningInterface,
        subnet: '10.77.0.0/24',
        address: rack.provisioningAddress,
        serve: true,
        range: '10.77.0.100-10.77.0.199',
        leaseTime: '1h',
      },
    ],
    credentials: rack.machines.flatMap(credentialsOf),
    bmcs: rack.machines.map((machine) => ({
      name: bmcName(machine.name),
      address: machine.bmcAddress,
      port: machine.bmcPort,
      driver: 'ipmi',
      credential: credentialName(machine.name),
      console: {
        address: `unix:${machine.vncSocket}`,
        ...(machine.consolePassword === undefined ? {} : { credential: consoleCredentialName(machine.name) }),
      },
    })),
    images: [settings.image, ...(settings.extraImages ?? [])],
    ...(settings.deadlines === undefined ? {} : { deployment: settings.deadlines }),
    recovery: settings.recovery ?? { heartbeatInterval: '1s' },
  };
  const file = path.join(settings.directory, 'athanor.yaml');
  await writeFile(file, stringify(configuration));
  return file;
}

/** The login of its BMC and the password of its console. */
function credentialsOf(machine: LabMachine): object[] {
  const login = {
    name: credentialName(machine.name),
    protocol: 'ipmi',
    username: machine.bmcUser,
    passwordFile: `secrets/${machine.name}`,
  };
  if (machine.consolePassword === undefined) return [login];
  const name = consoleCredentialName(machine.name);
  return [login, { name, protocol: 'vnc', passwordFile: `secrets/${name}` }];
}
