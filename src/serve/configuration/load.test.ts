import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest, findingsOf, load, makeFolder, whole } from './configuration.fixture.ts';
import { loadConfiguration, readSecretFile } from './index.ts';

let directory: string;

beforeEach(async () => {
  directory = await makeFolder();
});
afterEach(() => rm(directory, { recursive: true }));

describe('a whole configuration', () => {
  it('is read with its paths absolute, its units counted and its defaults filled in', async () => {
    const { configuration, warnings } = await load(directory, whole);
    expect(warnings).toEqual([]);
    expect(configuration).toMatchObject({
      site: 'rack-1',
      dataDirectory: join(directory, 'data'),
      database: { kind: 'sqlite' },
      api: {
        listen: [
          { host: '127.0.0.1', port: 8443 },
          { host: '::1', port: 0 },
          { path: join(directory, 'run/api.sock') },
        ],
      },
      loaders: '/usr/lib/ipxe',
      credentials: [{ passwordFile: join(directory, 'secrets/lab') }],
      bmcs: [
        { port: 623, cipherSuites: [17, 3] },
        { driver: 'unmanaged', address: undefined },
      ],
      images: [{ file: join(directory, 'images/lab-os.raw'), sha256: digest }],
      deployment: { netbootTimeoutMs: 300_000, writeStallTimeoutMs: undefined, bootTimeoutMs: 90_000 },
    });
    expect(configuration.networks).toEqual([
      {
        name: 'provisioning',
        interface: 'cp0',
        subnet: '10.77.0.0',
        prefixLength: 24,
        address: '10.77.0.1',
        serve: true,
        ranges: [{ first: '10.77.0.100', last: '10.77.0.199' }],
        reservations: [{ mac: '52:54:00:00:00:1a', address: '10.77.0.10', hostname: 'r1' }],
        gateway: '10.77.0.254',
        dns: ['10.77.0.2', '10.77.0.3'],
        ntp: ['10.77.0.2'],
        domain: 'rack.example',
        leaseSeconds: 9000,
        allowRival: false,
        routerAdvertisement: true,
      },
    ]);
    expect(JSON.stringify(configuration)).not.toContain('canary');
    expect(await readSecretFile(configuration.credentials[0]?.passwordFile ?? '')).toBe('hunter2-canary');
  });

  it('may be JSON', async () => {
    const json = {
      dataDirectory: 'data',
      networks: [],
      images: [{ name: 'a', file: 'images/lab-os.raw', sha256: '1'.repeat(64) }],
    };
    const { configuration } = await load(directory, JSON.stringify(json));
    expect(configuration.images[0]?.sha256).toBe('1'.repeat(64));
  });
});

describe('mistakes between sections', () => {
  const second = `  - { name: NAME, interface: cp1, subnet: 10.77.0.0/24, address: 10.77.0.3, serve: true, range: RANGE }\ncredentials:\n`;
  const withSecond = (name: string, range: string): string =>
    whole.replace('credentials:\n', second.replace('NAME', name).replace('RANGE', range));

  it('ranges of two networks that overlap, and names used twice', async () => {
    const [overlap] = await findingsOf(directory, withSecond('other', '10.77.0.150-10.77.0.210'));
    expect(overlap).toMatchObject({ line: 21, field: 'networks[1].range', value: '10.77.0.150-10.77.0.210' });
    expect(overlap?.message).toMatch(/overlaps the range 10\.77\.0\.100-10\.77\.0\.199 of provisioning/);
    const [name] = await findingsOf(directory, withSecond('provisioning', '10.77.0.20-10.77.0.21'));
    expect(name).toMatchObject({ line: 21, field: 'networks[1].name', value: 'provisioning' });
  });

  it('a MAC, an address and a host name reserved twice', async () => {
    const twice = whole
      .replace('hostname: r1 }]', 'hostname: r1 }, { mac: "525400:00:00:1a", address: 10.77.0.10, hostname: r1 }]')
      .replace('525400:00:00:1a', '5254.0000.001a');
    expect((await findingsOf(directory, twice)).map(({ field }) => field)).toEqual([
      'networks[0].reservations[1].mac',
      'networks[0].reservations[1].address',
      'networks[0].reservations[1].hostname',
    ]);
  });

  it('two MACs one digit apart are a warning, and the configuration is good', async () => {
    const near = whole.replace('52:54:00:00:00:99', '52:54:00:00:00:1b');
    const { warnings } = await load(directory, near);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      severity: 'warning',
      line: 25,
      field: 'bmcs[1].mac',
      value: '52:54:00:00:00:1b',
    });
    expect(warnings[0]?.message).toContain('52:54:00:00:00:1a of networks[0].reservations[0]');
  });
});

describe('many mistakes', () => {
  it('are told at once, in the order of the lines', async () => {
    const many = whole
      .replace('gateway: 10.77.0.254', 'gateway: 10.77.0.256')
      .replace('10.77.0.100-10.77.0.199', '10.77.0.1-10.77.0.1')
      .replace('52-54-00-00-00-1A', '00:11:22:33:44:GG')
      .replace('credential: lab,', 'credential: none, colour: red,')
      .replace(digest, 'abc')
      .replace('images/lab-os.raw', 'images/none.raw');
    expect((await findingsOf(directory, many)).map(({ line, field }) => [line, field])).toEqual([
      [12, 'networks[0].range'],
      [13, 'networks[0].gateway'],
      [20, 'networks[0].reservations[0].mac'],
      [24, 'bmcs[0].credential'],
      [24, 'bmcs[0].colour'],
      [27, 'images[0].file'],
      [27, 'images[0].sha256'],
    ]);
  });
});

describe('a file that is no configuration', () => {
  it.each([
    ['empty', '', /empty/],
    ['broken YAML', 'site: [a', /./],
    ['a key given twice', 'site: a\nsite: b\n', /unique/i],
    ['two documents', 'site: a\n---\nsite: b\n', /second document/i],
    ['a list', '- a\n', /a list/],
    ['aliases that multiply', bomb(), /alias/i],
  ])('%s', async (_, text, message) => {
    const [finding] = await findingsOf(directory, text);
    expect(`${finding?.message}`).toMatch(message);
    expect(finding?.line).toBeGreaterThan(0);
  });

  it('missing altogether: says how to make one', async () => {
    const loading = loadConfiguration(join(directory, 'none.yaml'));
    await expect(loading).rejects.toMatchObject({
      code: 'invalid-configuration',
      remedy: expect.stringContaining('detect'),
    });
  });
});

function bomb(): string {
  const names = 'a b c d e f g h i'.split(' ');
  const lines = names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${names[index]}`).join(', ')}]`);
  return `a: &a [x, x]\n${lines.join('\n')}\n`;
}
