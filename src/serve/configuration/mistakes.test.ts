import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest, findingsOf, makeFolder, whole } from './configuration.fixture.ts';
import { describeFinding, type Finding } from './index.ts';

let directory: string;

beforeEach(async () => {
  directory = await makeFolder();
});
afterEach(() => rm(directory, { recursive: true }));

/** The only finding of the whole configuration with one text replaced. */
async function findingOf(from: string, to: string): Promise<Finding> {
  expect(whole).toContain(from);
  const all = await findingsOf(directory, whole.replace(from, to));
  expect(all.map(describeFinding)).toHaveLength(1);
  const [only] = all;
  if (only === undefined) throw new Error('one finding was expected');
  expect([only.file, only.remedy.length > 5]).toEqual([join(directory, 'athanor.yaml'), true]);
  return only;
}

describe('a mistake in one field', () => {
  const cases: [string, string, string, Partial<Finding>, RegExp][] = [
    [
      'an unknown key',
      'gateway:',
      'gatway:',
      { line: 13, column: 5, field: 'networks[0].gatway', value: 'gatway' },
      /mean "gateway"/,
    ],
    ['an unknown section', 'images:', 'image:', { line: 26, column: 1, field: 'image' }, /mean "images"/],
    [
      'an unknown key in a short map',
      'hostname: r1',
      'hostnam: r1',
      { line: 20, field: 'networks[0].reservations[0].hostnam' },
      /mean "hostname"/,
    ],
    [
      'a MAC with wrong digits',
      '52-54-00-00-00-1A',
      '00:11:22:33:44:GG',
      { line: 20, column: 27, field: 'networks[0].reservations[0].mac', value: '00:11:22:33:44:GG' },
      /"GG" is not hexadecimal/,
    ],
    [
      'an address with a large number',
      '10.77.0.254',
      '10.77.0.300',
      { line: 13, column: 14, field: 'networks[0].gateway', value: '10.77.0.300' },
      /not an IPv4 address/,
    ],
    [
      'a subnet with host bits',
      '10.77.0.0/24',
      '10.77.0.5/24',
      { line: 9, field: 'networks[0].subnet', value: '10.77.0.5/24' },
      /10\.77\.0\.0\/24/,
    ],
    [
      'a range that ends before it begins',
      '10.77.0.100-10.77.0.199',
      '10.77.0.199-10.77.0.100',
      { line: 12, field: 'networks[0].range' },
      /ends before/,
    ],
    [
      'a range outside the subnet',
      '10.77.0.100-10.77.0.199',
      '10.77.1.5-10.77.1.10',
      { line: 12, field: 'networks[0].range', value: '10.77.1.5-10.77.1.10' },
      /10\.77\.1\.5 is outside 10\.77\.0\.0\/24/,
    ],
    [
      'a range with our own address',
      '10.77.0.100-10.77.0.199',
      '10.77.0.1-10.77.0.1',
      { line: 12, value: '10.77.0.1-10.77.0.1' },
      /own address/,
    ],
    ['a range with the gateway', 'gateway: 10.77.0.254', 'gateway: 10.77.0.150', { line: 12 }, /gateway/],
    [
      'ranges that overlap',
      'range: 10.77.0.100-10.77.0.199',
      'range: [10.77.0.100-10.77.0.120, 10.77.0.120-10.77.0.130]',
      { line: 12, field: 'networks[0].range[1]' },
      /overlaps the range 10\.77\.0\.100/,
    ],
    [
      'our own address outside the subnet',
      'address: 10.77.0.1\n',
      'address: 10.78.0.1\n',
      { line: 10, field: 'networks[0].address', value: '10.78.0.1' },
      /outside/,
    ],
    [
      'a reservation outside the subnet',
      'address: 10.77.0.10,',
      'address: 10.99.0.10,',
      { line: 20, field: 'networks[0].reservations[0].address' },
      /outside/,
    ],
    [
      'a reservation of the broadcast address',
      'address: 10.77.0.10,',
      'address: 10.77.0.255,',
      { line: 20 },
      /broadcast/,
    ],
    ['a reservation of our own address', 'address: 10.77.0.10,', 'address: 10.77.0.1,', { line: 20 }, /own address/],
    [
      'a word that is not a flag',
      'serve: true',
      'serve: yes',
      { line: 11, field: 'networks[0].serve', value: 'yes' },
      /true nor false/,
    ],
    ['a time without unit', 'leaseTime: 2h30m', 'leaseTime: 3600', { line: 17, value: '3600' }, /not a time/],
    [
      'an unknown credential',
      'credential: lab,',
      'credential: lba,',
      { line: 24, field: 'bmcs[0].credential', value: 'lba' },
      /no credential "lba".*mean "lab"/,
    ],
    ['no credential for ipmi', ' credential: lab,', '', { line: 24, field: 'bmcs[0].credential' }, /missing/],
    [
      'an unknown driver',
      'driver: ipmi',
      'driver: impi',
      { line: 24, field: 'bmcs[0].driver', value: 'impi' },
      /mean "ipmi"/,
    ],
    [
      'an unsafe cipher suite',
      '[17, 3]',
      '[17, 0]',
      { line: 24, field: 'bmcs[0].cipherSuites[1]', value: '0' },
      /unsafe/,
    ],
    [
      'a missing image',
      'images/lab-os.raw',
      'images/none.raw',
      { line: 27, field: 'images[0].file' },
      /There is no file/,
    ],
    [
      'a digest of the wrong length',
      digest,
      digest.slice(1),
      { line: 27, field: 'images[0].sha256', value: digest.slice(1) },
      /63 digits/,
    ],
    ['a digest of wrong digits', digest, `g${digest.slice(1)}`, { line: 27, field: 'images[0].sha256' }, /hexadecimal/],
    [
      'a missing password file',
      'secrets/lab }',
      'secrets/none }',
      { line: 22, field: 'credentials[0].passwordFile' },
      /no file/,
    ],
    ['a missing field', '    subnet: 10.77.0.0/24\n', '', { line: 7, field: 'networks[0].subnet' }, /missing/],
    ['an empty field', 'interface: cp0', 'interface:', { line: 8, field: 'networks[0].interface' }, /empty/],
    ['a list where a value belongs', 'site: rack-1', 'site: [rack-1]', { line: 1, field: 'site' }, /a list/],
    [
      'a value where a list belongs',
      '[{ mac: 52-54-00-00-00-1A, address: 10.77.0.10, hostname: r1 }]',
      'none',
      { line: 20, field: 'networks[0].reservations' },
      /"none"/,
    ],
    [
      'an address to listen on without port',
      '"127.0.0.1:8443"',
      '"127.0.0.1"',
      { line: 4, field: 'api.listen[0]' },
      /listen/,
    ],
  ];
  it.each(cases)('%s: is named with its place, value and remedy', async (_, from, to, expected, message) => {
    const finding = await findingOf(from, to);
    expect(finding).toMatchObject(expected);
    expect(`${finding.message} ${finding.remedy}`).toMatch(message);
  });

  it('a password file that others may read is refused, and its content never shown', async () => {
    await chmod(join(directory, 'secrets/lab'), 0o640);
    const [finding, more] = await findingsOf(directory, whole);
    expect(more).toBeUndefined();
    expect(finding).toMatchObject({
      line: 22,
      field: 'credentials[0].passwordFile',
      remedy: expect.stringContaining('chmod 600'),
    });
    expect(JSON.stringify(finding)).not.toContain('canary');
  });

  it('a database URL with a password is refused without repeating it', async () => {
    const finding = await findingOf('database: sqlite', 'database: postgres://athanor:hunter2-canary@db/athanor');
    expect(finding).toMatchObject({ line: 3, field: 'database' });
    expect(JSON.stringify(finding)).not.toContain('canary');
  });

  it.each(['postgres://a:canary%&@db/athanor', 'postgres://a:canary@[db/athanor', 'postgres//a:canary@db/athanor'])(
    'a file that holds no database URL is refused without repeating it: %s',
    async (url) => {
      const file = join(directory, 'secrets/database');
      await writeFile(file, `${url}\n`, { mode: 0o600 });
      const finding = await findingOf('database: sqlite', 'database: { postgres: { urlFile: secrets/database } }');
      expect(finding).toMatchObject({ line: 3, field: 'database.postgres.urlFile', value: file });
      expect(finding.remedy).toContain('%25');
      expect(JSON.stringify(finding)).not.toContain('canary');
    },
  );
});
