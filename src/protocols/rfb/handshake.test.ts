import { describe, expect, it } from 'vitest';
import { driveExchange } from '../testing/drive-exchange.ts';
import { serverInit, withLength } from '../testing/rfb-server.ts';
import { clientHandshake, type HandshakeOptions, RfbDecodeError, RfbRefusedError } from './index.ts';
import { answerVncChallenge } from './vnc-authentication.ts';

const version = (text: string): Buffer => Buffer.from(`RFB ${text}\n`);
const init = serverInit(720, 400, 'a screen');
const challenge = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

function drive(options: HandshakeOptions, ...bytes: Buffer[]): NonNullable<ReturnType<typeof attempt>> {
  const done = attempt(options, ...bytes);
  if (done === undefined) throw new Error('the handshake wants more bytes');
  return done;
}
const attempt = (options: HandshakeOptions, ...bytes: Buffer[]) =>
  driveExchange(clientHandshake(options), Buffer.concat(bytes));

describe('the version', () => {
  it.each([
    ['003.003', 'RFB 003.003\n'],
    ['003.005', 'RFB 003.003\n'],
    ['003.006', 'RFB 003.003\n'],
    ['003.007', 'RFB 003.007\n'],
    ['003.008', 'RFB 003.008\n'],
    ['003.889', 'RFB 003.008\n'],
    ['004.000', 'RFB 003.008\n'],
    ['005.000', 'RFB 003.008\n'],
  ])('of a server that says %s is answered %s', (offered, answered) => {
    const security = answered.includes('003.003') ? [0, 0, 0, 1] : [1, 1];
    const result = answered.includes('003.008') ? [0, 0, 0, 0] : [];
    const { value, sent } = drive({}, version(offered), Buffer.from([...security, ...result]), init);
    expect(sent[0]?.toString()).toBe(answered);
    expect(value).toMatchObject({ width: 720, height: 400, name: 'a screen' });
  });

  it.each(['RFB 003.002\n', 'RFB 002.009\n', 'SSH-2.0-Open', 'RFB 3.8\n\n\n\n\n', 'HTTP/1.1 400'])(
    '%j is refused',
    (text) => {
      expect(() => attempt({}, Buffer.from(text))).toThrow(RfbDecodeError);
    },
  );

  it('is never newer than wanted', () => {
    const { sent } = drive({ newest: '3.3' }, version('003.008'), Buffer.of(0, 0, 0, 1), init);
    expect(sent[0]?.toString()).toBe('RFB 003.003\n');
  });
});

describe('authentication', () => {
  const password = 'openwall';
  const answer = answerVncChallenge(password, challenge);
  const good = Buffer.alloc(4);
  const failed = Buffer.of(0, 0, 0, 1);

  it.each([
    ['3.3', [version('003.003'), Buffer.of(0, 0, 0, 2), challenge, good, init], 1],
    ['3.7', [version('003.007'), Buffer.of(1, 2), challenge, good, init], 2],
    ['3.8', [version('003.008'), Buffer.of(2, 1, 2), challenge, good, init], 2],
  ] as const)('answers the challenge in %s', (spoken, bytes, at) => {
    const { sent, value } = drive({ password }, ...bytes);
    expect(value.version).toBe(spoken);
    expect(sent[at]).toEqual(answer);
    expect(sent.at(-1)).toEqual(Buffer.of(1));
  });

  it('takes no authentication when nothing else is offered, or no password is set', () => {
    expect(drive({ password }, version('003.008'), Buffer.of(1, 1), good, init).sent[1]).toEqual(Buffer.of(1));
    expect(drive({}, version('003.008'), Buffer.of(2, 2, 1), good, init).sent[1]).toEqual(Buffer.of(1));
  });

  it.each<[string, HandshakeOptions, Buffer[], RegExp]>([
    [
      'a wrong password in 3.3',
      { password },
      [version('003.003'), Buffer.of(0, 0, 0, 2), challenge, failed],
      /password was refused$/,
    ],
    [
      'a wrong password in 3.8',
      { password },
      [version('003.008'), Buffer.of(1, 2), challenge, failed, withLength('Too\nbad\u001b[1m')],
      /password was refused: Too bad \[1m$/,
    ],
    ['no password', {}, [version('003.008'), Buffer.of(1, 2)], /a password is needed/],
    ['no password in 3.3', {}, [version('003.003'), Buffer.of(0, 0, 0, 2)], /a password is needed/],
    ['types nobody speaks', { password }, [version('003.008'), Buffer.of(2, 16, 19)], /types 16, 19/],
    [
      'a server that is full',
      {},
      [version('003.008'), Buffer.of(0), withLength('Too many viewers')],
      /^Too many viewers$/,
    ],
    ['a full server in 3.3', {}, [version('003.003'), Buffer.alloc(4), withLength('Full')], /^Full$/],
    ['a reason without end', {}, [version('003.008'), Buffer.of(0, 0xff, 0xff, 0xff, 0xff)], /^no reason given$/],
    [
      'a failure without authentication',
      {},
      [version('003.008'), Buffer.of(1, 1), failed, withLength('')],
      /client was refused$/,
    ],
  ])('is refused: %s', (_, options, bytes, message) => {
    expect(() => attempt(options, ...bytes)).toThrow(RfbRefusedError);
    expect(() => attempt(options, ...bytes)).toThrow(message);
  });
});

/** Recorded exchanges of other clients: password, challenge, response. */
it.each([
  ['openwall', '1d03c57f2dffcc72a5ae3ad559c9c3db', '547b7a6f36a154db03a2575c6f2a4ec5'],
  ['openwall and more', '1d03c57f2dffcc72a5ae3ad559c9c3db', '547b7a6f36a154db03a2575c6f2a4ec5'],
  ['.', '7fe2e13da4ae109c54c55f5274aadb31', '1d8692711f00243502d391efe9bcc5d5'],
  ['abc123', 'c63045d2579ee7f2f90c623e524086c6', 'a36359e428c87fb3452cd7e0cad6703e'],
])('answers the challenge with %j as others do', (password, given, response) => {
  expect(answerVncChallenge(password, Buffer.from(given, 'hex')).toString('hex')).toBe(response);
});

describe('ServerInit', () => {
  const opened = [version('003.008'), Buffer.of(1, 1), Buffer.alloc(4)];

  it.each([
    ['too wide', serverInit(8193, 10, '')],
    ['too large', serverInit(8192, 8192, '')],
    ['a name too long', serverInit(10, 10, 'x'.repeat(70_000))],
    ['odd pixels', Buffer.concat([init.subarray(0, 4), Buffer.of(24), init.subarray(5)])],
  ])('is not valid: %s', (_, bytes) => {
    expect(() => attempt({}, ...opened, bytes)).toThrow(RfbDecodeError);
  });

  it('names the screen in one printable line', () => {
    const { value } = drive({}, ...opened, serverInit(1, 1, `QEMU\r\n(über)\u0007${'x'.repeat(300)}`));
    expect(value.name).toMatch(/^QEMU \(über\) x+$/);
    expect(value.name).toHaveLength(200);
  });
});
