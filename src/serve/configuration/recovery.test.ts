import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findingsOf, load, makeFolder, whole } from './configuration.fixture.ts';

let directory: string;

beforeEach(async () => {
  directory = await makeFolder();
});
afterEach(() => rm(directory, { recursive: true }));

const withConsole = (console: string, more = ''): string =>
  whole
    .replace('bmcs:', '  - { name: screens, protocol: vnc, passwordFile: secrets/lab }\nbmcs:')
    .replace('cipherSuites: [17, 3] }', `cipherSuites: [17, 3], console: ${console} }`)
    .concat(more);

it('a console is reached by TCP or by a unix socket, with a password or without', async () => {
  const byTcp = await load(directory, withConsole('{ address: "[fd00::1]:5901", credential: screens }'));
  expect(byTcp.configuration.bmcs[0]?.console).toEqual({
    address: { host: 'fd00::1', port: 5901 },
    credential: 'screens',
  });
  expect(byTcp.configuration.credentials[1]).toMatchObject({ protocol: 'vnc', username: '' });
  const byPath = await load(directory, withConsole('{ address: "unix:run/vnc.sock" }'));
  expect(byPath.configuration.bmcs[0]?.console).toEqual({
    address: { path: join(directory, 'run/vnc.sock') },
    credential: undefined,
  });
  expect(byPath.configuration.bmcs[1]?.console).toBeUndefined();
});

it('recovery has its numbers from the file, or none', async () => {
  const text = withConsole('{ address: "10.0.0.1:5900" }', 'recovery: { heartbeatInterval: 2s, missedBeats: 4 }\n');
  expect((await load(directory, text)).configuration.recovery).toMatchObject({
    heartbeatIntervalMs: 2000,
    missedBeats: 4,
    concurrentHeals: undefined,
  });
});

it.each([
  ['a credential of another protocol', '{ address: "10.0.0.1:5900", credential: lab }', /is for ipmi, not for vnc/],
  ['a credential that is not there', '{ address: "10.0.0.1:5900", credential: screen }', /Did you mean "screens"/],
  ['no port', '{ address: 10.0.0.1 }', /is not HOST:PORT/],
  ['an unknown key', '{ address: "10.0.0.1:5900", user: x }', /user/],
])('%s is refused with its place and remedy', async (_what, console, message) => {
  const [finding, ...more] = await findingsOf(directory, withConsole(console));
  expect(more).toEqual([]);
  expect(finding?.message).toMatch(message);
  expect(finding?.field).toMatch(/^bmcs\[0\]\.console/);
  expect(finding?.remedy.length).toBeGreaterThan(5);
});

it.each([
  ['recovery: { heartbeatInterval: 10ms }', /no useful interval/],
  ['recovery: { missedBeats: 1 }', /not a number from 2 to 100/],
  ['recovery: { concurrentHeals: many }', /not a number from 0 to 1000/],
])('%s is refused', async (section, message) => {
  const [finding, ...more] = await findingsOf(directory, `${whole}${section}\n`);
  expect(more).toEqual([]);
  expect(finding?.message).toMatch(message);
});

it('a user name is needed by ipmi and refused for vnc', async () => {
  const [missing] = await findingsOf(directory, whole.replace('username: admin, ', ''));
  expect(missing).toMatchObject({ field: 'credentials[0].username', remedy: 'Add `username:` here.' });
  const withUser = withConsole('{ address: "10.0.0.1:5900" }').replace('protocol: vnc', 'protocol: vnc, username: x');
  const [superfluous] = await findingsOf(directory, withUser);
  expect(superfluous).toMatchObject({ field: 'credentials[1].username' });
});
