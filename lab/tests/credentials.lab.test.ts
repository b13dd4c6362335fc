/**
 * A BMC whose declared password is wrong. Many BMCs lock a user out after a few tries, so one try is all there is: seen on
 * the wire, where each login begins with one RAKP Message 1.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ended } from '../command.ts';
import { bmcName, credentialName } from '../life/configuration.ts';
import { countSent, type PacketCounter } from './operator.ts';
import { history, setStage, type TestStage } from './stage.ts';

const wrong = 'not-the-password';
const machine = { name: 'a', firmware: 'bios' } as const;
const bmc = bmcName('a');
let stage: TestStage;
/** Logins that began, logins that presented a proof of the password, and anything at all, towards this BMC. */
let logins: PacketCounter;
let proofs: PacketCounter;
let anything: PacketCounter;

beforeAll(async () => {
  stage = await setStage([machine, { ...machine, name: 'b' }], { passwords: { a: wrong } });
  const to = (address: string): string => `ip daddr ${address} udp dport 623`;
  const address = stage.rack.machine('a').bmcAddress;
  // RMCP+ (IPMI v2.0 §13.6): 4 bytes of RMCP header behind the 8 of UDP, authentication type 06, then the payload type.
  logins = await countSent('control', `${to(address)} @th,96,16 0x0612`);
  proofs = await countSent('control', `${to(address)} @th,96,16 0x0614`);
  anything = await countSent('control', to(address));
});
afterAll(() => stage.close());

async function power(name: string, action: string): Promise<Ended> {
  return await stage.athanor.command(['bmc', 'power', action, name]);
}

async function setCredential(name: string, password: string): Promise<void> {
  const args = ['credential', 'set', name, '--username', 'admin'];
  expect(await stage.athanor.command(args, { input: `${password}\n` })).toMatchObject({ code: 0 });
}

interface BmcLine {
  name: string;
  state: string;
  reason?: string;
}

async function describeBmc(): Promise<BmcLine> {
  return (await stage.athanor.ask(['bmc', 'describe', bmc])) as BmcLine;
}

const refusal = new RegExp(`BMC ${bmc} (has )?refused credential ${credentialName('a')}`);

it('is tried once, tells so everywhere, and is left alone until the credential changes', async () => {
  const { athanor, rack } = stage;
  await athanor.start();
  await athanor.login();

  // The first round of the background and several people at once: still one login.
  const answers = await Promise.all([power(bmc, 'status'), power(bmc, 'on'), power(bmc, 'status')]);
  for (const { code, errors } of answers) {
    expect(errors).toMatch(refusal);
    expect(errors).toContain('code:    bmc-authentication');
    expect(errors).toMatch(/remedy: +Set the right credential; it is not tried again until it changes/);
    expect(code).toBe(77);
  }
  await expect.poll(describeBmc, { timeout: 10_000 }).toMatchObject({ state: 'credential refused' });
  expect(await logins.packets()).toBe(1);
  expect(await proofs.packets()).toBe(0); // the BMC's own proof showed that the password is wrong
  const list = (await athanor.ask(['bmc', 'list'])) as BmcLine[];
  expect(list.map(({ name, state }) => [name, state])).toEqual([
    [bmc, 'credential refused'],
    [bmcName('b'), 'ready'],
  ]);
  expect(list[0]?.reason).toMatch(refusal);
  const table = await athanor.command(['bmc', 'list']);
  expect(table.output).toMatch(new RegExp(`${bmc}.*credential refused`));

  // Every new credential makes the background ask all failing BMCs again, as its clock does once a minute.
  const sent = await anything.packets();
  for (const round of [1, 2, 3]) {
    await setCredential(`unrelated-${round}`, 'whatever');
    expect((await power(bmc, 'on')).code).toBe(77);
  }
  expect((await describeBmc()).reason).toContain('has refused');
  expect(await anything.packets()).toBe(sent);
  const told = (await readFile(athanor.logFile, 'utf8')).split('\n').filter((line) => refusal.test(line));
  expect(told).toHaveLength(1);
  expect(JSON.parse(told[0] ?? '')).toMatchObject({ level: 40, bmc, code: 'bmc-authentication' });

  await athanor.stop();
  await athanor.start();
  expect((await power(bmc, 'status')).code).toBe(77);
  await setCredential('unrelated-4', 'whatever');
  expect(await anything.packets()).toBe(sent);
  const failing = (await history(athanor)).filter((event) => event.kind === 'bmc.failing');
  expect(failing.map((event) => event.data)).toEqual([
    expect.objectContaining({ name: bmc, code: 'bmc-authentication', remedy: expect.stringMatching(/credential/) }),
  ]);

  // Another wrong one is another try, and one only.
  await setCredential(credentialName('a'), 'wrong-as-well');
  expect((await power(bmc, 'status')).code).toBe(77);
  expect(await logins.packets()).toBe(2);
  // Set again by hand, it is tried again, once: the account may have been mended at the BMC.
  await setCredential(credentialName('a'), wrong);
  expect((await power(bmc, 'status')).code).toBe(77);
  expect((await power(bmc, 'status')).code).toBe(77);
  expect(await logins.packets()).toBe(3);

  await setCredential(credentialName('a'), rack.machine('a').bmcPassword);
  expect(await describeBmc()).toMatchObject({ state: 'ready' });
  expect(await power(bmc, 'status')).toMatchObject({ code: 0 });
  expect(await logins.packets()).toBe(4);
  expect(await proofs.packets()).toBe(1);
});

it('keeps what was set over a restart, until the file changes', async () => {
  const { athanor, rack, directory } = stage;
  await athanor.stop();
  await athanor.start();
  expect(await power(bmc, 'status')).toMatchObject({ code: 0 });
  expect(await readFile(athanor.logFile, 'utf8')).toContain('this credential was set anew since its file was written');

  await setCredential(credentialName('a'), 'mistyped');
  expect((await power(bmc, 'status')).code).toBe(77);
  await writeFile(path.join(directory, 'secrets/a'), `${rack.machine('a').bmcPassword}\n`);
  await athanor.stop();
  await athanor.start();
  expect(await power(bmc, 'status')).toMatchObject({ code: 0 });
});
