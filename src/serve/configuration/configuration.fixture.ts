/** A configuration with everything in it, in a folder of its own with the files it names. Only for tests. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  ConfigurationError,
  describeFinding,
  type Finding,
  loadConfiguration,
  type LoadedConfiguration,
} from './index.ts';

export const digest = 'a'.repeat(64);

export const whole = `site: rack-1
dataDirectory: data
database: sqlite
api: { listen: ["127.0.0.1:8443", "[::1]:0", "unix:run/api.sock"] }
ramdisk: { directory: build/ramdisk }
networks:
  - name: provisioning
    interface: cp0
    subnet: 10.77.0.0/24
    address: 10.77.0.1
    serve: true
    range: 10.77.0.100-10.77.0.199
    gateway: 10.77.0.254
    dns: [10.77.0.2, 10.77.0.3]
    ntp: 10.77.0.2
    domain: rack.example
    leaseTime: 2h30m
    allowRival: false
    routerAdvertisement: true
    reservations: [{ mac: 52-54-00-00-00-1A, address: 10.77.0.10, hostname: r1 }]
credentials:
  - { name: lab, protocol: ipmi, username: admin, passwordFile: secrets/lab }
bmcs:
  - { name: r1-bmc, address: 10.77.1.1, driver: ipmi, credential: lab, cipherSuites: [17, 3] }
  - { name: r2-bmc, driver: unmanaged, mac: "52:54:00:00:00:99" }
images:
  - { name: lab-os, file: images/lab-os.raw, sha256: ${digest} }
deployment: { netbootTimeout: 5m, bootTimeout: 90s }
`;

export async function makeFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'athanor-configuration-'));
  await mkdir(join(directory, 'secrets'));
  await writeFile(join(directory, 'secrets/lab'), 'hunter2-canary\n', { mode: 0o600 });
  await mkdir(join(directory, 'images'));
  await writeFile(join(directory, 'images/lab-os.raw'), 'image');
  return directory;
}

export async function load(directory: string, text: string): Promise<LoadedConfiguration> {
  const file = join(directory, 'athanor.yaml');
  await writeFile(file, text);
  return loadConfiguration(file);
}

/** What a configuration that must be refused is refused for. */
export async function findingsOf(directory: string, text: string): Promise<readonly Finding[]> {
  const error: unknown = await load(directory, text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigurationError))
    throw new Error(`a ConfigurationError was expected, not ${String(error)}`);
  expect(error.code).toBe('invalid-configuration');
  for (const finding of error.findings) {
    expect(error.message.includes(describeFinding(finding))).toBe(finding.severity === 'error');
  }
  return error.findings;
}
