/**
 * Every kind of secret is planted and used, rightly and wrongly; then it is looked for wherever it has no business: logs,
 * answers, the event log, the data directory and database, command lines and environments, URLs and scripts.
 */
import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { run, scratchDirectory } from '../index.ts';
import { bmcName, consoleCredentialName } from '../life/configuration.ts';
import { watchEvents } from '../life/event-watch.ts';
import { findSecrets, formsOf, type Place, sampleProcesses, type Secret, secretText } from './canary.ts';
import { type FakeRamdisk, playRamdisk } from './fake-ramdisk.ts';
import { runToEnd } from '../command.ts';
import { addClient, athanorProgram, type Client } from './operator.ts';
import { startPostgresFor } from './postgres.ts';
import { setStage, type TestStage } from './stage.ts';
import { dumpOfPostgres, filesOf, rowsOf } from './stored-data.ts';

const imageBytes = randomBytes(64 * 1024);
const bmc = bmcName('a');

/** Characters that need encoding in URLs, JSON and base64 alike; 16 bytes, as IPMI allows 20. */
const canary = (): string => `p+/%&${randomBytes(9).toString('base64url').slice(0, 11)}`;

/** Everybody may know how a token begins. */
const withoutPrefix = (token: string): string => token.replace(/^athanor_/, '');

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('the search itself', () => {
  const secret = secretText('a canary', canary());

  it('finds a secret in each form', () => {
    const forms = formsOf(secret.bytes);
    const hay = forms.map(({ form, bytes }) => ({ where: form, bytes: Buffer.concat([Buffer.from('<'), bytes]) }));
    expect(forms.length).toBeGreaterThan(12);
    expect(findSecrets([secret], hay)).toHaveLength(forms.length);
  });

  it.each([0, 1, 2, 3])('finds it in a longer base64 text, %i bytes in', (before) => {
    const hay = Buffer.concat([randomBytes(before), secret.bytes, randomBytes(5)]).toString('base64');
    const broken = hay.replace(/.{8}/g, '$&\n');
    for (const bytes of [Buffer.from(hay), Buffer.from(broken), Buffer.from(JSON.stringify(broken))])
      expect(findSecrets([secret], [{ where: 'the hay', bytes }])).toHaveLength(1);
  });

  it('finds nothing where nothing is', () => {
    expect(findSecrets([secret], [{ where: 'the hay', bytes: randomBytes(100_000) }])).toEqual([]);
  });

  it('finds a secret on a command line and in an environment', async () => {
    const shown = secretText('a canary', canary());
    const sampler = sampleProcesses(20);
    const text = shown.bytes.toString();
    await runToEnd({ file: 'sleep', args: ['0.2'] }, { environment: { TOKEN: text } });
    await runToEnd({ file: 'sh', args: ['-c', 'sleep 0.2; true', text] });
    sampler.stop();
    expect(findSecrets([shown], sampler.places()).map((line) => line.replace(/\d+/, 'N'))).toEqual(
      expect.arrayContaining([expect.stringContaining('/environ'), expect.stringContaining('/cmdline')]),
    );
  });
});

describe.each(['SQLite', 'PostgreSQL'] as const)('no secret is seen on %s', (database) => {
  const passwords = {
    bmc: canary(),
    other: canary(),
    tooLong: `${canary()}${canary()}`,
    database: canary(),
    // VNC counts eight characters.
    console: canary().slice(-8),
    wrongConsole: canary().slice(-8),
  };
  const places: Place[] = [];
  const secrets: Secret[] = [];
  let stage: TestStage;
  let client: Client;
  let ramdisk: FakeRamdisk;

  function keep(where: string, content: string | Buffer): void {
    places.push({ where, bytes: Buffer.from(content) });
  }

  /** A command whose every word is kept for the search. */
  async function command(args: string[], input?: string): Promise<{ code: number; output: string; errors: string }> {
    const result = await stage.athanor.command(args, input === undefined ? {} : { input });
    keep(`the output of ${args.slice(0, 2).join(' ')}`, result.output);
    keep(`the errors of ${args.slice(0, 2).join(' ')}`, result.errors);
    return result;
  }

  async function ramdiskCall(...parameters: Parameters<FakeRamdisk['call']>): Promise<number> {
    const { status, text } = await ramdisk.call(...parameters);
    keep(`the answer to ${parameters[1]}`, text.replace(/"token":"[^"]*"/, ''));
    return status;
  }

  beforeEach(async () => {
    const images = scratchDirectory('image-');
    const image = { name: 'tiny', file: path.join(images, 'tiny.raw'), sha256: '' };
    await writeFile(image.file, imageBytes);
    image.sha256 = (await run('sha256sum', [image.file])).split(' ')[0] ?? '';
    stage = await setStage(
      [{ name: 'a', firmware: 'bios', bmcPassword: passwords.bmc, vncPassword: passwords.console }],
      { image },
      async (rack) => {
        if (database === 'SQLite') return {};
        const postgres = await startPostgresFor(rack);
        closing.push(postgres.stop);
        const url = new URL(postgres.url);
        url.password = encodeURIComponent(passwords.database);
        return { postgresUrl: url.href };
      },
    );
    closing.push(stage.close);
    client = await addClient('client', '52:54:00:99:00:01', stage.directory);
    closing.push(client.remove);
    ramdisk = playRamdisk(client, `http://${stage.rack.provisioningAddress}`);
  });

  it('through logins, power, a deployment that is aborted, and everything that goes wrong', async () => {
    const { athanor, rack, directory } = stage;
    const machine = rack.machine('a');
    await machine.pullCable(); // the ramdisk is played here
    const sampler = sampleProcesses(50);
    closing.push(sampler.stop);
    await athanor.start();

    // Logins.
    const mistyped = `athanor_${randomBytes(32).toString('base64url')}`;
    secrets.push(secretText('a mistyped token', withoutPrefix(mistyped)));
    const server = `unix:${path.join(directory, 'api.sock')}`;
    expect((await command(['login', server, '--accept', '--token', '-'], `${mistyped}\n`)).code).toBe(77);
    await athanor.login();
    const token = (await readFile(path.join(athanor.dataDirectory, 'token'), 'utf8')).trim();
    secrets.push(secretText('the API token', withoutPrefix(token)));
    await askTheApiBadly(token);

    // BMC passwords: right, unused, refused by us; and power.
    for (const action of ['on', 'off']) expect((await command(['bmc', 'power', action, bmc])).code).toBe(0);
    const set = ['credential', 'set', 'other', '--username', 'u'];
    expect((await command(set, `${passwords.other}\n`)).code).toBe(0);
    expect((await command(set, `${passwords.tooLong}\n`)).code).toBe(65);
    secrets.push(secretText("the BMC's password", passwords.bmc), secretText('another password', passwords.other));
    secrets.push(secretText('a password that is too long', passwords.tooLong));

    await liveAndAbort();

    for (const list of ['machine', 'bmc', 'network', 'lease', 'image', 'operation', 'incident', 'rule'])
      expect((await command([list, 'list', '-o', 'json'])).code).toBe(0);
    await command(['bmc', 'describe', bmc, '-o', 'json']);
    expect((await command(['bmc', 'power', 'off', bmc])).code).toBe(0);
    keep('the event log', (await command(['event', 'tail', '--after', '0', '--no-follow', '-o', 'jsonl'])).output);
    await athanor.stop();
    await athanor.start();
    await command(['machine', 'list', '-o', 'json']);
    if (database === 'PostgreSQL') await failToReachPostgres();
    sampler.stop();
    await athanor.stop();

    // The witness was awake: it saw the server and commands that lived for less than a second.
    expect(sampler.rounds()).toBeGreaterThan(50);
    const commandLines = sampler.places().map(({ bytes }) => bytes.toString().replaceAll('\0', ' '));
    for (const seen of ['main.ts serve', 'main.ts login', 'credential set other', 'bmc power'])
      expect(
        commandLines.some((line) => line.includes(seen)),
        seen,
      ).toBe(true);

    secrets.push({ kind: 'the store key', bytes: await readFile(path.join(athanor.dataDirectory, 'key')) });
    const tlsKey = createPrivateKey(await readFile(path.join(athanor.dataDirectory, 'certificate-key.pem')));
    const scalar = tlsKey.export({ format: 'jwk' }).d ?? '';
    secrets.push({ kind: 'the private key of TLS', bytes: Buffer.from(scalar, 'base64url') });
    keep('the log', await readFile(athanor.logFile));
    keep('the serial console', await machine.serialLog());
    places.push(...sampler.places(), ...filesOf(athanor.dataDirectory));
    places.push(
      ...(database === 'SQLite'
        ? rowsOf(athanor.dataDirectory)
        : [await dumpOfPostgres(rack, new URL(parsedUrl()).pathname.slice(1))]),
    );

    const kinds = secrets.map(({ kind }) => kind);
    for (const kind of [
      'API token',
      "BMC's password",
      'boot ticket',
      'ramdisk token',
      "agent's token",
      "console's password",
      'store key',
      'key of TLS',
    ])
      expect(kinds.join('\n')).toContain(kind);
    // What may hold them, and does: the search reads these files as well as the others.
    expect(findSecrets(secrets, filesOf(athanor.dataDirectory, true))).toEqual([
      expect.stringMatching(/^the API token stands as it is in .*\/token$/),
      expect.stringMatching(/^the store key stands as it is in .*\/key$/),
      expect.stringMatching(/^the private key of TLS stands in base64.* in .*\/certificate-key\.pem$/),
    ]);
    expect(findSecrets(secrets, places)).toEqual([]);
    // And it would be found here: the same places with one slip each.
    keep('a planted line', `GET /x?t=${Buffer.from(`ab${token}`).toString('base64url')}`);
    expect(findSecrets(secrets, places)).toEqual([expect.stringMatching(/^the API token .* in a planted line$/)]);
  });

  /** A machine is found, inspected, deployed to and aborted, by a ramdisk with bad manners. */
  async function liveAndAbort(): Promise<void> {
    const machine = stage.rack.machine('a');
    const watch = watchEvents(stage.athanor);
    closing.push(() => watch.stop());
    const wait = (kind: string, data: Record<string, unknown> = {}, operation?: string) =>
      watch.waitFor(
        (event) =>
          event.kind === kind &&
          (operation === undefined || event.operationId === operation) &&
          Object.entries(data).every(([key, value]) => event.data[key] === value),
        { timeoutMs: 30_000, what: `${kind} ${JSON.stringify(data)}` },
      );
    const lease = await client.netboot();
    keep('what DHCP told', JSON.stringify(lease));
    keep('the iPXE script', (await ramdisk.bootFile('script.ipxe')).text);

    const boot = async (attempt: string): Promise<string> => {
      const ticket = await ramdisk.ticket();
      secrets.push(secretText(`the boot ticket of the ${attempt} boot`, ticket));
      const { mac } = client;
      for (const body of [ticket, `{"ticket":${ticket}}`, `{"ticket":"${ticket}"`, JSON.stringify({ ticket })])
        expect(await ramdiskCall('POST', 'exchange', { body })).toBe(400);
      const { status, text } = await ramdisk.call('POST', 'exchange', { body: JSON.stringify({ ticket, mac }) });
      expect(status).toBe(200);
      const { token } = JSON.parse(text) as { token: string };
      secrets.push(secretText(`the ramdisk token of the ${attempt} boot`, token));
      return token;
    };
    const token = await boot('first');
    expect(await ramdiskCall('GET', 'task', { token: `${token}x` })).toBe(401);
    expect(await ramdiskCall('GET', 'task', { token: `${token} ${token}` })).toBe(401);
    expect(await ramdiskCall('POST', 'inventory', { token, body: `{"firmware":"bios" ${token}` })).toBe(400);
    expect(await ramdiskCall('GET', 'image', { token })).toBe(409);
    const inventory = {
      uuid: machine.uuid,
      firmware: 'bios',
      cpus: { count: 1 },
      memoryBytes: 1 << 29,
      disks: [{ name: '/dev/vda', sizeBytes: 1 << 30 }],
      nics: [{ name: 'eth0', mac: client.mac }],
    };
    expect(await ramdiskCall('POST', 'inventory', { token, body: JSON.stringify(inventory) })).toBe(200);
    const tied = await wait('machine.bmc-tied');
    await wait('machine.state', { to: 'free' });

    const deployed = await command(['machine', 'deploy', tied.subjectId, '--image', 'tiny', '-o', 'json']);
    expect(deployed).toMatchObject({ code: 0 });
    const { id } = JSON.parse(deployed.output) as { id: string };
    await wait('operation.step.done', { step: 'power-on' }, id);
    const second = await boot('second');
    expect(await ramdiskCall('GET', 'task', { token })).toBe(409);
    expect(await ramdiskCall('GET', 'task?wait=20', { token: second })).toBe(200);
    expect(await ramdiskCall('GET', 'image', { token: second })).toBe(200);
    const report = { task: 'write-image', phase: 'writing', bytes: 4096, bytesTotal: imageBytes.length };
    expect(await ramdiskCall('POST', 'progress', { token: second, body: JSON.stringify(report) })).toBe(200);
    expect((await command(['operation', 'abort', id, '--reason', 'a test'])).code).toBe(0);
    await wait('machine.state', { to: 'failed' });
    expect(await ramdiskCall('POST', 'progress', { token: second, body: JSON.stringify(report) })).toBe(409);
    await command(['operation', 'describe', id, '-o', 'json']);
    await command(['machine', 'describe', tied.subjectId, '-o', 'json']);
    watch.stop();
    await beatAsAgent();
    await lookAtTheScreen(tied.subjectId);
  }

  /** The machine's agent enrols, and beats rightly and wrongly. */
  async function beatAsAgent(): Promise<void> {
    const enrolment = JSON.stringify({ bootId: randomUUID(), version: '1' });
    const { status, text } = await ramdisk.callAsAgent('enrol', { body: enrolment });
    expect(status, text).toBe(200);
    const { token } = JSON.parse(text) as { token: string };
    secrets.push(secretText("the agent's token", token));
    const beat = (sequence: number): string => JSON.stringify({ sequence, uptimeMs: 1000 });
    for (const [sent, body, expected] of [
      [token, beat(1), 200],
      [token, beat(1), 409],
      [`${token}x`, beat(2), 401],
      [token, `{"sequence":${token}}`, 400],
      [token, JSON.stringify({ sequence: token }), 400],
    ] as const) {
      const answer = await ramdisk.callAsAgent('heartbeat', { token: sent, body });
      keep('an answer to a heartbeat', answer.text);
      expect(answer.status, answer.text).toBe(expected);
    }
  }

  /** Its console is seen with the right password, and refuses the wrong one. */
  async function lookAtTheScreen(machineId: string): Promise<void> {
    secrets.push(secretText("the console's password", passwords.console));
    secrets.push(secretText('a wrong password for the console', passwords.wrongConsole));
    const look = async (): Promise<{ frame: string | null; problem: string | null }> =>
      JSON.parse((await command(['machine', 'screen', machineId, '-o', 'json'])).output) as {
        frame: string | null;
        problem: string | null;
      };
    expect(await look()).toMatchObject({ frame: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const set = (password: string) =>
      command(['credential', 'set', consoleCredentialName('a'), '--protocol', 'vnc'], `${password}\n`);
    expect((await set(`${passwords.wrongConsole}9`)).code).toBe(65);
    expect((await set(passwords.wrongConsole)).code).toBe(0);
    expect(await look()).toMatchObject({ frame: null, problem: expect.stringContaining('password') });
    expect((await set(passwords.console)).code).toBe(0);
    expect(await look()).toMatchObject({ problem: null });
  }

  /** Requests that the command line would not make: a token in a URL, a password in a body that is not right. */
  async function askTheApiBadly(token: string): Promise<void> {
    const socket = path.join(stage.directory, 'api.sock');
    const password = JSON.stringify(passwords.other);
    const authorized = `header = "Authorization: Bearer ${token}"`;
    const json = 'header = "Content-Type: application/json"';
    const credential = 'url = "https://localhost/api/v1/credentials/other"\nrequest = PUT';
    const body = (text: string): string => `data-binary = "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    for (const [request, status] of [
      [[`url = "https://localhost/api/v1/machines?token=${token}"`], 401],
      [[`url = "https://localhost/api/v1/machines?token=${token}"`, authorized], 200],
      [[credential, authorized, json, body(`{"protocol":"ipmi","username":"u","password":${password}`)], 400],
      [[credential, authorized, json, body(`{"protocol":"ipmi","username":7,"password":${password}}`)], 400],
      [[credential, authorized, json, body(`{"protocol":"ipmi","username":"u","pasword":${password}}`)], 400],
      [[credential, json, 'header = "Authorization: Basic ${token}"', body(`{"password":${password}}`)], 401],
    ] as const) {
      const args = ['-sS', '-k', '--unix-socket', socket, '-w', '\n%{http_code}', '--config', '-'];
      const { output, errors } = await runToEnd({ file: 'curl', args }, { input: `${request.join('\n')}\n` });
      keep('an answer of the API', output);
      expect(output.split('\n').at(-1), `${output}${errors}`).toBe(String(status));
    }
  }

  /** What a start says when the database's URL is wrong in one way or another. */
  async function failToReachPostgres(): Promise<void> {
    const { athanor, rack, directory } = stage;
    const url = new URL(parsedUrl());
    secrets.push(secretText("PostgreSQL's password", passwords.database), secretText('its URL form', url.password));
    const unreachable = new URL(url);
    unreachable.port = '1';
    const wrong = {
      unreachable: unreachable.href,
      'no-database': new URL('/absent', url).href,
      'bad-port': url.href.replace(':5432', ':99999'),
      'bad-host': url.href.replace('127.0.0.1', '[bad'),
      'bad-percent': url.href.replace(url.password, `${passwords.database}%&`),
      'bad-scheme': url.href.replace('postgres://', 'postgres//'),
    };
    const configuration = parse(await readFile(athanor.configurationFile, 'utf8')) as Record<string, unknown>;
    for (const [name, text] of [...Object.entries(wrong), ['inline', url.href] as const]) {
      const folder = path.join(directory, name);
      await mkdir(path.join(folder, 'secrets'), { recursive: true });
      await writeFile(path.join(folder, 'secrets/database'), `${text}\n`, { mode: 0o600 });
      const database = name === 'inline' ? text : { postgres: { urlFile: 'secrets/database' } };
      const changed = { ...configuration, database, networks: [], credentials: [], bmcs: [], dataDirectory: 'data' };
      await writeFile(path.join(folder, 'athanor.yaml'), stringify(changed));
      const where = rack.inControl([athanorProgram, 'serve', '--config', path.join(folder, 'athanor.yaml')]);
      const { code, output, errors } = await runToEnd(where);
      keep(`what serve said (${name})`, `${output}${errors}`);
      const server = name === 'unreachable' || name === 'no-database';
      expect(`${name}: ${code}`).toBe(`${name}: ${server ? 74 : 78}`);
      expect(errors).toContain(server ? 'code:    database-failed' : 'athanor.yaml:');
    }
  }

  function parsedUrl(): string {
    return readFileSync(path.join(stage.directory, 'secrets/database'), 'utf8').trim();
  }
});
