import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConnectionOptions } from './connection-options.ts';
import { withNamedCredential } from './named-credentials.ts';

const given: ConnectionOptions = {
  hosts: ['r1'],
  user: undefined,
  passwordFile: undefined,
  passwordEnv: undefined,
  passwordCommand: undefined,
  kgFile: undefined,
  driver: 'ipmi',
  port: undefined,
  cipherSuites: undefined,
  quirks: [],
  mac: undefined,
  retryCredential: false,
  credential: 'lab',
  parallel: undefined,
  yes: false,
};
let home: string;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'athanor-named-'));
  environment = { XDG_CONFIG_HOME: home };
  await mkdir(join(home, 'athanor'));
});
afterAll(() => rm(home, { recursive: true }));

const write = async (text: string) => await writeFile(join(home, 'athanor', 'credentials.yaml'), text);

it('fills in what the credential says, files from the directory of the list', async () => {
  await write(
    'lab: { user: admin, passwordFile: lab.password, kgFile: /keys/lab }\nvault: { user: root, passwordCommand: "bw get {host}" }\n',
  );
  expect(await withNamedCredential(given, environment)).toMatchObject({
    user: 'admin',
    passwordFile: join(home, 'athanor', 'lab.password'),
    kgFile: '/keys/lab',
    hosts: ['r1'],
  });
});

it('leaves options without a credential as they are', async () => {
  const without = { ...given, credential: undefined, user: 'root' };
  expect(await withNamedCredential(without, environment)).toBe(without);
});

it.each([
  ['a name that is not there', 'labs: { user: admin }', {}, /has no credential lab\. Did you mean "labs"\?/],
  ['a login beside it', 'lab: { user: admin }', { user: 'root' }, /--user was given beside --credential/],
  ['a file beside it', 'lab: { user: admin }', { passwordFile: 'pw' }, /--password-file was given beside/],
  ['no YAML', 'lab: {', {}, /is not YAML/],
  ['aliases without end', 'a: &a [1]\nlab: *a', {}, /is not YAML/],
])('refuses %s', async (_, text, change, message) => {
  await write(text);
  await expect(withNamedCredential({ ...given, ...change }, environment)).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringMatching(message),
  });
});

it('refuses a password in the list without repeating it', async () => {
  await write('lab: { user: admin, password: canary-secret }');
  const refused = withNamedCredential(given, environment);
  await expect(refused).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringMatching(/lab: .*password/),
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('canary-secret') });
  await write('lab: { user: admin, password: canary-secret { }');
  const unreadable = withNamedCredential(given, environment);
  await expect(unreadable).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(unreadable).rejects.not.toMatchObject({ message: expect.stringContaining('canary-secret') });
});
