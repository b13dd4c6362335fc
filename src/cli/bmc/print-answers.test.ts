import { expect, it } from 'vitest';
import { type BmcAnswer, loadBmcCommands } from '../../bmc/index.ts';
import { printAnswers } from './print-answers.ts';

async function shown(name: string, value: unknown): Promise<string> {
  let text = '';
  const screen = { write: (more: string) => void (text += more) };
  const command = (await loadBmcCommands()).find((one) => one.name === name);
  if (command === undefined) throw new Error(`there is no ${name}`);
  const answer: BmcAnswer = { bmc: 'b1', driver: 'ipmi', outcome: 'done', value, evidence: [] };
  await printAnswers({ stdout: screen, stderr: screen }, 'table', command, [answer], true);
  return text;
}

it('people are shown with the table what it leaves out', async () => {
  const fans = await shown('fans get', {
    mode: 'optimal',
    modes: ['automatic', 'full'],
    duties: [{ zone: 'cpu', percent: 35 }],
    tachometers: [{ name: 'Fan 1', rpm: 4200 }],
    control: 'supermicro',
  });
  expect(fans).toMatch(/^optimal, cpu 35 % \(modes: automatic, full\)\nfan .*\nFan 1 +4200/);
  const sessions = { possibleSessions: 36, activeSessions: 4, cipherSuite: 17, privilege: 'user' };
  const own = { handle: 1, own: true, userId: 2, privilege: 'user', channel: 1, protocol: 'IPMI 2.0' };
  expect(await shown('session info', { ...sessions, sessions: [own] })).toMatch(
    /^4 of 36 sessions active; this one with cipher suite 17\nhandle .*\n1 +2 +user/,
  );
});
