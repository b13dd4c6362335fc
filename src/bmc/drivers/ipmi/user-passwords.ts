/** Setting and testing passwords: Set User Password (IPMI v2.0 §22.30). Nothing here ever writes one anywhere else. */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import {
  getDeviceId,
  maximumPasswordLength,
  noData,
  passwordTestRefusal,
  setUserPassword,
} from '../../../protocols/ipmi/index.ts';
import type { BmcUser, PasswordTest } from '../../capabilities/users.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import type { OpenOtherClient } from './other-client.ts';
import { readBack, sendChange } from './send-change.ts';

const testName = `${setUserPassword.name} (test)`;

interface Options {
  signal?: AbortSignal;
}

/** @throws `invalid-input` for a password that IPMI cannot hold */
export function passwordBytes(password: string): Buffer {
  const bytes = Buffer.from(password);
  const refuse = (why: string): never => {
    throw new AthanorError('invalid-input', `The password ${why}`, { field: 'password' });
  };
  if (bytes.length === 0) refuse('is empty: whoever knows the name could log in');
  if (bytes.length > maximumPasswordLength)
    refuse(`has ${bytes.length} bytes; IPMI 2.0 allows ${maximumPasswordLength}`);
  if (bytes.includes(0)) refuse('holds a zero byte');
  return bytes;
}

function sizeOf(bytes: Buffer): 16 | 20 {
  return bytes.length > 16 ? 20 : 16;
}

export async function sendPassword(
  context: IpmiContext,
  userId: number,
  bytes: Buffer,
  note: Note,
  options: Options,
): Promise<void> {
  const size = sizeOf(bytes);
  const request = { userId, operation: 'set', size, password: bytes } as const;
  await sendChange(context, setUserPassword, request, `the new password of user ${userId}`, options);
  note(setUserPassword.name, `a password of ${size} bytes for user ${userId}: accepted by the BMC`);
}

/** By the BMC itself; undefined where it does not do that. */
export async function testByBmc(
  context: IpmiContext,
  userId: number,
  bytes: Buffer,
  note: Note,
  options: Options,
): Promise<PasswordTest | undefined> {
  const id = String(userId);
  // Some store a short password as one of 20 bytes: then the other size is the right one.
  for (const size of sizeOf(bytes) === 16 ? ([16, 20] as const) : ([20] as const)) {
    const request = { userId, operation: 'test', size, password: bytes } as const;
    const answer = await context.client.ask(setUserPassword, request, options.signal);
    if ('value' in answer) {
      note(testName, `user ${id}, ${size} bytes: it is the password`);
      return { id, matches: true, by: 'test by the BMC', sizeBytes: size };
    }
    const { completionCode: code, text } = answer.refused;
    note(testName, `user ${id}, ${size} bytes: ${text}`);
    if (code === passwordTestRefusal.mismatch) return { id, matches: false, by: 'test by the BMC', sizeBytes: size };
    if (code !== passwordTestRefusal.wrongSize) return undefined;
  }
  return { id, matches: false, by: 'test by the BMC', sizeBytes: sizeOf(bytes) };
}

/** One try, so that it costs one at most. Undefined where this user could not log in even with the right password. */
export async function testByLogin(
  user: BmcUser,
  password: string,
  open: OpenOtherClient,
  note: Note,
  options: Options,
): Promise<PasswordTest | undefined> {
  const nameless = user.name === '' && user.id !== '1';
  if (nameless || user.enabled === false || !user.remoteLogin || user.role === 'none') return undefined;
  const client = open({ login: { username: user.name, password } });
  try {
    await client.run(getDeviceId, noData, options.signal);
    note('login', `user ${user.id} logged in with it`);
    return { id: user.id, matches: true, by: 'login', sizeBytes: undefined };
  } catch (thrown) {
    const error = asAthanorError(thrown);
    note('login', `user ${user.id}: ${error.code}`);
    if (error.code !== 'bmc-authentication') return undefined;
    return { id: user.id, matches: false, by: 'login', sizeBytes: undefined };
  } finally {
    await client.close();
  }
}

/** The test as what decides over a change. */
export function requireMatch(context: IpmiContext, id: string, test: PasswordTest | undefined): PasswordTest {
  if (test?.matches === true) return test;
  const name = context.peer.name;
  if (test === undefined) {
    throw outcomeUnknown(
      `BMC ${name} accepted the password of user ${id}, but neither tests passwords nor lets this user log in`,
    );
  }
  throw new AthanorError(
    'bmc-refused',
    `BMC ${name} accepted the password of user ${id}, but by ${test.by} it is not the password`,
    { remedy: 'The BMC may ask for other characters or another length: try 8 to 16 letters and digits.' },
  );
}

export async function switchUser(
  context: IpmiContext,
  userId: number,
  enabled: boolean,
  note: Note,
  options: Options,
): Promise<void> {
  const operation = enabled ? 'enable' : 'disable';
  const request = { userId, operation, size: 16, password: Buffer.alloc(0) } as const;
  const plain = await readBack(context, `user ${userId} ${operation}d`, () =>
    context.client.ask(setUserPassword, request, options.signal),
  );
  if ('refused' in plain) throw refusedError(context.peer, `${setUserPassword.name} (${operation})`, plain.refused);
  note(setUserPassword.name, `${operation} user ${userId}: accepted by the BMC`);
}
