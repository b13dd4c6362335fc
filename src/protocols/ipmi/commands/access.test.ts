/** Channels and users. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelAccessMode, IpmiCommand } from '../index.ts';
import {
  getChannelAccess,
  getChannelInfo,
  getUserAccess,
  getUserName,
  getUserPayloadAccess,
  IpmiDecodeError,
  noData,
  setChannelAccess,
  setUserAccess,
  setUserName,
  setUserPassword,
  setUserPayloadAccess,
} from '../index.ts';

const flag = fc.boolean();
const nibble = fc.integer({ min: 0, max: 15 });
const user = fc.integer({ min: 0, max: 63 });
const octet = fc.integer({ min: 0, max: 0xff });
const word = fc.integer({ min: 0, max: 0xffff });
const name = fc
  .array(fc.integer({ min: 1, max: 0xff }), { maxLength: 16 })
  .map((codes) => String.fromCharCode(...codes));
const channelAccess = {
  alerting: flag,
  perMessageAuthentication: flag,
  userLevelAuthentication: flag,
  mode: fc.constantFrom<ChannelAccessMode | number>('disabled', 'pre-boot', 'always', 'shared', 5),
  privilegeLimit: nibble,
} as const;
const settings = fc.constantFrom('non-volatile', 'volatile');
const limits = { callbackOnly: flag, linkAuthentication: flag, ipmiMessaging: flag, privilege: nibble };
const payloads = { standardPayloads: word, oemPayloads: word };
const who = { channel: nibble, userId: user };

function property<Request, Response>(
  command: IpmiCommand<Request, Response>,
  requests: fc.Arbitrary<Request>,
  responses: fc.Arbitrary<Response>,
) {
  it(`${command.name}: decodes what it encodes, both ways`, () => {
    fc.assert(
      fc.property(requests, responses, (request, response) => {
        expect(command.decodeRequest(command.encodeRequest(request))).toEqual(request);
        expect(command.decodeResponse(command.encodeResponse(response))).toEqual(response);
      }),
    );
  });
  it(`${command.name}: throws nothing but IpmiDecodeError`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        for (const decode of [command.decodeRequest, command.decodeResponse]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(IpmiDecodeError);
          }
        }
      }),
    );
  });
}

const nothing = fc.constant(noData);

describe('channels', () => {
  const info = fc.record({
    channel: nibble,
    medium: fc.integer({ min: 0, max: 0x7f }),
    protocol: fc.integer({ min: 0, max: 0x1f }),
    sessionSupport: fc.constantFrom('session-less', 'single-session', 'multi-session', 'session-based'),
    activeSessions: fc.integer({ min: 0, max: 63 }),
    vendorId: fc.integer({ min: 0, max: 0xffffff }),
    auxiliary: word,
  });
  property(getChannelInfo, fc.record({ channel: nibble }), info);
  property(getChannelAccess, fc.record({ channel: nibble, settings }), fc.record(channelAccess));
  property(setChannelAccess, fc.record({ channel: nibble, settings, ...channelAccess }), nothing);

  it('has the bytes of the specification', () => {
    // As OpenIPMI answers.
    expect(getChannelInfo.decodeResponse(Buffer.from('01040181f21b000000', 'hex'))).toEqual({
      channel: 1,
      medium: 4,
      protocol: 1,
      sessionSupport: 'multi-session',
      activeSessions: 1,
      vendorId: 7154,
      auxiliary: 0,
    });
    expect(getChannelAccess.decodeResponse(Buffer.of(0x2a, 0x04))).toEqual({
      alerting: false,
      perMessageAuthentication: true,
      userLevelAuthentication: false,
      mode: 'always',
      privilegeLimit: 4,
    });
  });
});

describe('users', () => {
  const access = fc.record({
    ...limits,
    maximumUsers: user,
    enabledUsers: user,
    fixedNames: user,
    enabled: fc.constantFrom('unspecified', 'enabled', 'disabled', 'reserved'),
  });
  const setAccess = fc.record({ ...who, ...limits, changeFlags: flag });
  const withLimit = fc.record({ ...who, ...limits, changeFlags: flag, sessionLimit: nibble });
  property(setUserAccess, fc.oneof(setAccess, withLimit), nothing);
  property(getUserAccess, fc.record(who), access);
  property(setUserName, fc.record({ userId: user, name }), nothing);
  property(getUserName, fc.record({ userId: user }), fc.record({ name }));
  const password = fc
    .tuple(fc.constantFrom('set', 'test'), fc.constantFrom(16, 20), fc.array(octet, { minLength: 20, maxLength: 20 }))
    .map(([operation, size, bytes]) => ({ operation, size, password: Buffer.from(bytes.slice(0, size)) }));
  const without = fc.record({ operation: fc.constantFrom('enable', 'disable'), size: fc.constantFrom(16, 20) });
  property(
    setUserPassword,
    fc
      .tuple(
        user,
        fc.oneof(
          password,
          without.map((rest) => ({ ...rest, password: Buffer.alloc(0) })),
        ),
      )
      .map(([userId, rest]) => ({ userId, ...rest })),
    nothing,
  );
  property(
    setUserPayloadAccess,
    fc.record({ ...who, ...payloads, operation: fc.constantFrom('enable', 'disable') }),
    nothing,
  );
  property(getUserPayloadAccess, fc.record(who), fc.record(payloads));

  it('has the bytes of the specification', () => {
    const test = { userId: 3, operation: 'test', size: 20, password: Buffer.from('seventeen-letters') } as const;
    expect(Buffer.from(setUserPassword.encodeRequest(test)).toString('latin1')).toBe(
      '\u0083\u0003seventeen-letters\0\0\0',
    );
    const enable = { userId: 3, operation: 'enable', size: 16, password: Buffer.alloc(0) } as const;
    expect(setUserPassword.encodeRequest(enable)).toEqual(Buffer.of(3, 1));
    expect(getUserAccess.decodeResponse(Buffer.of(16, 0x43, 1, 0x34))).toEqual({
      maximumUsers: 16,
      enabledUsers: 3,
      fixedNames: 1,
      enabled: 'enabled',
      callbackOnly: false,
      linkAuthentication: true,
      ipmiMessaging: true,
      privilege: 4,
    });
    const sol = { channel: 1, userId: 2, operation: 'enable', standardPayloads: 2, oemPayloads: 0 } as const;
    expect(setUserPayloadAccess.encodeRequest(sol)).toEqual(Buffer.of(1, 2, 2, 0, 0, 0));
  });
});
