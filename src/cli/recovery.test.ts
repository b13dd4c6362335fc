/** Incidents, screens, rules and maintenance, as people and scripts run the commands. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, createBench, machine } from './api.fixture.ts';
import { framePng, healed, screen } from './recovery.fixture.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await createBench();
  await bench.run(['login', bench.server, '--local', bench.directory]);
});
afterEach(() => bench.end());

describe('incident list', () => {
  it('shows what is not resolved, with an outage as the first line', async () => {
    const escalated = { ...healed, state: 'escalated' as const, outcome: null, reason: 'tried 2 times' };
    bench.recovery.incidents = [escalated];
    const openedAt = '2026-11-21T10:00:00.000Z';
    bench.recovery.outages = [
      { id: 'u-2', openedAt, resolvedAt: null, machines: 200, watched: 200 },
      { id: 'u-1', openedAt, resolvedAt: openedAt, machines: 10, watched: 20 },
    ];
    const { stdout } = await bench.run(['incident', 'list']);
    const [outage, header, row, ...more] = stdout.split('\n');
    expect(outage).toBe(`OUTAGE u-2: 200 of 200 machines silent since ${openedAt}, automation held`);
    expect(header).toMatch(/^ID +MACHINE +STATE +SINCE +RULE +ATTEMPTS +NOTE$/);
    expect(row).toMatch(/^i-1 +r1 +escalated +2026-11-21T09:59:57.000Z +linux-kernel-panic +1 +tried 2 times$/);
    expect(more).toEqual(['']);
    expect(JSON.parse((await bench.run(['incident', 'list', '--all', '-o', 'json'])).stdout)).toHaveLength(1);
    expect(bench.calls).toEqual([
      ['listIncidents', { state: 'open' }],
      ['listIncidents', { state: 'all' }],
    ]);
    const outages = await bench.run(['outage', 'list']);
    expect(outages.stdout).toMatch(/^u-2 +open +200 of 200 .*\nu-1 +over +10 of 20/m);
  });
});

describe('incident describe', () => {
  it('tells the film, and nothing that the guest drew commands the terminal', async () => {
    const { code, stdout } = await bench.run(['incident', 'describe', 'i-1']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('> Kernel panic - not syncing')]);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/);
    const json = await bench.run(['incident', 'describe', 'i-1', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ timeline: expect.any(Array), observations: [{ id: 'o-1' }] });
    expect((await bench.run(['incident', 'describe', 'i-9'])).code).toBe(66);
  });

  it('saves each picture once, for its owner alone, and never over a file that is there', async () => {
    const [seen = expect.fail()] = healed.observations;
    bench.recovery.incidents = [{ ...healed, observations: [seen, { ...seen, id: 'o-2' }] }];
    const directory = join(bench.directory, 'film');
    const describing = ['incident', 'describe', 'i-1', '--frames', directory];
    const saved = await bench.run(describing);
    expect(saved.code).toBe(0);
    const files = await readdir(directory);
    expect(files).toEqual(['001-c0c0c0c0c0c0.png']);
    const file = join(directory, files[0] ?? '');
    expect(saved.stderr).toBe(`${file}\n`);
    expect(new Uint8Array(await readFile(file))).toEqual(framePng);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    await writeFile(file, 'mine');
    const again = await bench.run(describing);
    expect([again.code, again.stderr]).toEqual([65, expect.stringContaining('is there already')]);
    expect(await readFile(file, 'utf8')).toBe('mine');
  });
});

describe('machine', () => {
  it('list says which machine has an incident, and why', async () => {
    bench.machine = {
      ...machine,
      state: 'active',
      incident: { id: 'i-1', state: 'escalated', reason: 'no rule matches the screen' },
    };
    const { stdout } = await bench.run(['machine', 'list']);
    expect(stdout).toContain('incident: escalated – no rule matches the screen');
  });

  it('screen prints the text where there is no terminal, and saves the picture', async () => {
    const text = await bench.run(['machine', 'screen', 'r1']);
    expect([text.code, text.stdout.split('\n')[0], text.stdout]).toEqual([
      0,
      'r1 login:',
      expect.not.stringContaining('\u001b'),
    ]);
    const file = join(bench.directory, 'screen.png');
    const saved = await bench.run(['machine', 'screen', 'r1', '--png', file]);
    expect([saved.code, saved.stdout, saved.stderr]).toEqual([0, '', `${file}\n`]);
    expect((await bench.run(['machine', 'screen', 'r1', '--png', file])).code).toBe(65);
    expect(JSON.parse((await bench.run(['machine', 'screen', 'r1', '-o', 'json'])).stdout)).toEqual(screen);
  });

  it('screen says in words why there is nothing to read', async () => {
    const none = { ...screen, reading: null, frame: null };
    for (const [shown, words] of [
      [
        { ...none, power: 'off' as const, problem: 'refused' },
        'r1 has no power, so its screen shows nothing (refused)',
      ],
      [{ ...none, problem: 'no console of this machine is known' }, 'no console of this machine is known'],
      [
        { ...screen, reading: null, problem: 'no known grid fits it' },
        'cannot be read as text (no known grid fits it)',
      ],
    ] as const) {
      bench.recovery.screen = shown;
      const { code, stdout, stderr } = await bench.run(['machine', 'screen', 'r1']);
      expect([code, stdout, stderr]).toEqual([65, '', expect.stringContaining(words)]);
    }
  });

  it('maintenance is switched on with a reason, and off', async () => {
    const on = await bench.run(['machine', 'maintenance', 'r1', 'on', '--reason', 'new board']);
    expect([on.code, on.stdout]).toEqual([0, expect.stringContaining('free (maintenance)')]);
    expect((await bench.run(['machine', 'maintenance', 'r1', 'off'])).code).toBe(0);
    expect((await bench.run(['machine', 'maintenance', 'r1', 'maybe'])).code).toBe(64);
    expect(bench.calls).toEqual([
      ['setMaintenance', 'r1', true, 'new board'],
      ['setMaintenance', 'r1', false, undefined],
    ]);
  });
});

describe('rule and playbook', () => {
  it('list what is in force, and describe a rule with what it does', async () => {
    const rules = await bench.run(['rule', 'list']);
    expect(rules.stdout).toMatch(/^linux-kernel-panic +Kernel panic - not syncing +power-cycle +2 in 1h +1$/m);
    const playbooks = await bench.run(['playbook', 'list']);
    expect(playbooks.stdout).toContain(
      'power cycle; type "boot", press Enter, see /up/ within 1m; wait 1m30s to see /a/ and /b/ but not /c/; wait 5m for a heartbeat',
    );
    const rule = await bench.run(['rule', 'describe', 'linux-kernel-panic']);
    expect(rule.stdout).toMatch(/^source: +linux\.yaml:2$/m);
    expect(rule.stdout).toMatch(/^steps: +power cycle, /m);
    const missing = await bench.run(['rule', 'describe', 'none-such']);
    expect([missing.code, missing.stderr]).toEqual([66, expect.stringContaining('athanor rule list')]);
  });
});

describe('rule apply', () => {
  const playbook = 'playbooks: [{ name: cycle, steps: [{ power: cycle }, { wait-for-heartbeat: 5m }] }]\n';
  const rule = 'rules: [{ name: panic, when: { screen: Kernel panic }, playbook: cycle }]\n';
  const write = (name: string, text: string): Promise<void> => writeFile(join(bench.directory, name), text);
  const apply = () => bench.run(['rule', 'apply', '-f', bench.directory, '--skip-tests']);

  it('sends the whole folder, and says what is in force then', async () => {
    await write('b.yaml', rule);
    await write('a.yaml', playbook);
    const applied = await apply();
    expect([applied.code, applied.stdout]).toEqual([0, expect.stringMatching(/^4 +1 +1 +2 /m)]);
    expect(bench.calls).toEqual([
      [
        'applyRules',
        [
          { name: 'a.yaml', text: playbook },
          { name: 'b.yaml', text: rule },
        ],
      ],
    ]);
  });

  it('of wrong rules sends nothing, and tells where they are wrong', async () => {
    await write('a.yaml', rule);
    const refused = await apply();
    expect([refused.code, refused.stderr]).toEqual([65, expect.stringMatching(/a\.yaml:1.*playbook "cycle"/)]);
    expect(bench.calls).toEqual([]);
  });

  it('tells every finding of a server that knows better, and keeps them apart for programs', async () => {
    await write('a.yaml', `${playbook}# refuse me\n`);
    const refused = await apply();
    expect(refused.code).toBe(65);
    expect(refused.stderr).toMatch(/a\.yaml:3: .* Declare it\.\n.*b\.yaml:9: .* Close the bracket\.\n/);
    const json = await bench.run(['rule', 'apply', '-f', bench.directory, '--skip-tests', '-o', 'json']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      code: 'invalid-rules',
      errors: [{ field: 'a.yaml:3', remedy: 'Declare it.' }, { field: 'b.yaml:9' }],
    });
  });
});

it('a console’s password needs no user name', async () => {
  const set = await bench.run(['credential', 'set', 'console', '--protocol', 'vnc'], 'secret\n');
  expect([set.code, bench.calls]).toEqual([
    0,
    [['setCredential', 'console', { protocol: 'vnc', username: '', password: 'secret' }]],
  ]);
});
