/** What `athanor serve` refuses, and how it says so: a bad configuration, a data directory in use, a full disk. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Rack, run, scratchDirectory, startRack } from '../index.ts';
import { configurationWith, type Installation, installIn } from './installation.ts';
import { addClient, type Client, killServers } from './operator.ts';

const directory = scratchDirectory('serve-');
let rack: Rack;
let client: Client;

beforeAll(async () => {
  rack = await startRack({ directory: path.join(directory, 'rack'), machines: [{ name: 'a', firmware: 'bios' }] });
  client = await addClient('client', '52:54:00:99:00:01', directory);
});
afterEach(killServers);
afterAll(async () => {
  await client.remove();
  await rack.close();
});

const athanorIn = (name: string, dataDirectory?: string): Installation =>
  installIn(rack, path.join(directory, name), dataDirectory);

describe('a bad configuration', () => {
  const digest = 'a'.repeat(63);
  const reserved = (...macs: string[]) => ({
    reservations: macs.map((mac, index) => ({ mac, address: `10.77.0.${20 + index}` })),
  });

  it.each([
    {
      name: 'unknown-key',
      configuration: configurationWith({ gatway: '10.77.0.254' }),
      at: /athanor\.yaml:12:5: error: networks\[0\]\.gatway: .*"gatway" is not known.*Did you mean "gateway"/,
      field: 'networks[0].gatway',
      value: 'gatway',
    },
    {
      name: 'overlap',
      configuration: configurationWith({ range: ['10.77.0.100-10.77.0.150', '10.77.0.140-10.77.0.199'] }),
      at: /athanor\.yaml:13:9: error: networks\[0\]\.range\[1\]: It overlaps the range 10\.77\.0\.100-10\.77\.0\.150\. \S/,
      field: 'networks[0].range[1]',
      value: '10.77.0.140-10.77.0.199',
    },
    {
      name: 'mac',
      configuration: configurationWith(reserved('00:11:22:33:44:GG')),
      at: /athanor\.yaml:13:14: error: networks\[0\]\.reservations\[0\]\.mac: .*00:11:22:33:44:GG.*\. \S/,
      field: 'networks[0].reservations[0].mac',
      value: '00:11:22:33:44:GG',
    },
    {
      name: 'digest',
      configuration: configurationWith({}, { images: [{ name: 'os', file: '/etc/hostname', sha256: digest }] }),
      at: /athanor\.yaml:15:13: error: images\[0\]\.sha256: .*\. \S/,
      field: 'images[0].sha256',
      value: digest,
    },
  ])(
    '$name is refused whole, with place, field, value and remedy',
    async ({ name, configuration, at, field, value }) => {
      const athanor = athanorIn(`bad-${name}`);
      await athanor.configure(configuration);
      const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
      expect(refusal.code).toBe(78);
      expect(refusal.errors).toMatch(at);
      expect(refusal.errors).toContain(value);
      expect(refusal.errors).toContain('invalid-configuration');
      expect(existsSync(athanor.dataDirectory)).toBe(false);
      const checked = await athanor.command(['config', 'check', '--config', athanor.configurationFile, '-o', 'json']);
      expect(checked.code).toBe(78);
      const problem = JSON.parse(checked.errors) as { errors: Record<string, unknown>[] };
      expect(problem.errors).toEqual([expect.objectContaining({ field, value, remedy: expect.stringMatching(/\w/) })]);
    },
  );

  it('tells of every mistake at once', async () => {
    const athanor = athanorIn('bad-all');
    await athanor.configure(
      configurationWith({ gatway: '10.77.0.254', range: '10.77.0.1-10.77.0.9' }, { images: [{ name: 'os' }] }),
    );
    const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refusal.code).toBe(78);
    for (const field of ['networks[0].gatway', 'networks[0].range', 'images[0].file', 'images[0].sha256'])
      expect(refusal.errors).toContain(`error: ${field}:`);
    expect(existsSync(athanor.dataDirectory)).toBe(false);
  });

  it('warns of two MAC addresses that differ in one digit, and runs', async () => {
    const athanor = athanorIn('near');
    await athanor.configure(configurationWith(reserved('00:11:22:33:44:55', '00:11:22:33:44:56')));
    const server = athanor.serve();
    await server.ready;
    const warning = await server.waitForLine(/differs in one digit from 00:11:22:33:44:55/, 1000);
    expect(warning).toContain('networks[0].reservations[1].mac');
    expect((JSON.parse(warning) as { level: number }).level).toBe(40);
    expect(await server.stop()).toBe('0');
  });
});

it('refuses a data directory that another serve has', async () => {
  const athanor = athanorIn('twice');
  await athanor.configure(configurationWith());
  const first = athanor.serve();
  await first.ready;
  const second = await athanor.command(['serve', '--config', athanor.configurationFile]);
  expect(second.code).toBe(75);
  expect(second.errors).toMatch(/athanor\.db is in use by process \d+/);
  expect(second.errors).toMatch(/remedy: +Stop the other process first/);
  expect(second.errors).toContain('conflict');
  await athanor.login(); // the first still answers
  expect(await first.stop()).toBe('0');
});

describe('a full disk', () => {
  const disk = path.join(directory, 'disk');
  const filler = path.join(disk, 'filler');
  /** Leaves so many KiB free. */
  async function fill(leave: number): Promise<void> {
    await rm(filler, { force: true });
    await run('sh', ['-c', `dd if=/dev/zero of=${filler} bs=1k 2>/dev/null; exit 0`]);
    if (leave > 0) await run('truncate', ['-s', `-${leave}K`, filler]);
  }
  beforeAll(async () => {
    await mkdir(disk);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'athanor-test', disk]);
  });
  afterEach(() => rm(filler, { force: true }));
  afterAll(() => run('umount', [disk]));

  it.each([0, 64, 256])('is told at the first start with %i KiB free, and space is all it needs', async (leave) => {
    const athanor = athanorIn(`full-${leave}`, path.join(disk, `data-${leave}`));
    await athanor.configure(configurationWith({}, { dataDirectory: athanor.dataDirectory }));
    await fill(leave);
    const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refusal.errors).toContain('code:    database-failed');
    expect(refusal.errors).toMatch(/remedy: .*space/);
    expect(refusal.code).toBe(74);
    await rm(filler);
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    expect(await server.stop()).toBe('0');
    await rm(athanor.dataDirectory, { recursive: true });
  });

  it('is told while it runs, keeps what was there, and goes on when there is space', async () => {
    const athanor = athanorIn('filling', path.join(disk, 'data'));
    await athanor.configure(configurationWith({}, { dataDirectory: athanor.dataDirectory }));
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    await server.waitForLine(/"msg":"network provisioning is serving"/, 10_000);
    const lease = await client.netboot();
    expect(lease).toMatchObject({ serverid: '10.77.0.1' });
    const setCredential = (name: string) => athanor.command(['credential', 'set', name, '--username', 'u'], 'secret\n');

    await fill(0);
    let refusal = await setCredential('c0');
    // What the write-ahead log has room for is taken.
    for (let count = 1; refusal.code === 0 && count < 10; count += 1) refusal = await setCredential(`c${count}`);
    expect(refusal.errors).toContain('code:    database-failed');
    expect(refusal.code).toBe(74);
    expect(await athanor.networks()).toHaveLength(1);
    await rm(filler);
    expect(await setCredential('again')).toMatchObject({ code: 0 });
    expect(await client.netboot()).toMatchObject({ ip: lease?.['ip'] });
    expect(await server.stop()).toBe('0');

    await fill(0);
    const refused = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refused.errors).toContain('code:    database-failed');
    expect(refused.code).toBe(74);
    await rm(filler);
    const restarted = athanor.serve();
    await restarted.ready;
    await athanor.login();
    const leases = await athanor.command(['lease', 'list', '-o', 'json']);
    expect(JSON.parse(leases.output)).toEqual([expect.objectContaining({ mac: client.mac, address: lease?.['ip'] })]);
    expect(await restarted.stop()).toBe('0');
  });
});
