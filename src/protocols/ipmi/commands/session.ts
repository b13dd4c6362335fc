/** Commands about channels and sessions (IPMI v2.0 §22.13, §22.18, §22.19). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

/** Privilege levels (§6.8). */
export const privilegeLevel = { callback: 1, user: 2, operator: 3, administrator: 4, oem: 5 } as const;

/** "The channel this request was issued on". */
export const thisChannel = 0x0e;

export interface ChannelAuthenticationCapabilitiesRequest {
  channel: number;
  privilege: number;
  /** Bit 7 of the channel byte: asks for the IPMI 2.0 fields too. Some IPMI 1.5 BMCs answer it with 0xCC. */
  askForIpmi20: boolean;
}

export interface ChannelAuthenticationCapabilities {
  channel: number;
  /** IPMI 1.5 authentication types: bit 0 none, 1 MD2, 2 MD5, 4 password, 5 OEM. */
  authenticationTypes: number;
  /** The answer holds the IPMI 2.0 fields at all. */
  extended: boolean;
  /** K[G] is set to something other than zeros: a second key is needed. */
  systemKeySet: boolean;
  perMessageAuthenticationDisabled: boolean;
  userLevelAuthenticationDisabled: boolean;
  nonNullUsernames: boolean;
  nullUsernames: boolean;
  anonymousLogin: boolean;
  supportsIpmi15: boolean;
  supportsIpmi20: boolean;
  oemId: number;
  oemData: number;
}

/** §22.13: tells before any session whether the BMC speaks IPMI 2.0. */
export const getChannelAuthenticationCapabilities: IpmiCommand<
  ChannelAuthenticationCapabilitiesRequest,
  ChannelAuthenticationCapabilities
> = {
  name: 'Get Channel Authentication Capabilities',
  networkFunction: networkFunction.application,
  command: 0x38,
  idempotent: true,
  encodeRequest: (request) =>
    Buffer.of((request.askForIpmi20 ? 0x80 : 0) | (request.channel & 0x0f), request.privilege & 0x0f),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Authentication Capabilities request');
    const channelByte = reader.byte();
    return {
      channel: channelByte & 0x0f,
      privilege: reader.byte() & 0x0f,
      askForIpmi20: (channelByte & 0x80) !== 0,
    };
  },
  encodeResponse(response) {
    const bytes = Buffer.alloc(8);
    bytes[0] = response.channel;
    bytes[1] = (response.extended ? 0x80 : 0) | (response.authenticationTypes & 0x3f);
    bytes[2] =
      (response.systemKeySet ? 0x20 : 0) |
      (response.perMessageAuthenticationDisabled ? 0x10 : 0) |
      (response.userLevelAuthenticationDisabled ? 0x08 : 0) |
      (response.nonNullUsernames ? 0x04 : 0) |
      (response.nullUsernames ? 0x02 : 0) |
      (response.anonymousLogin ? 0x01 : 0);
    bytes[3] = (response.supportsIpmi20 ? 0x02 : 0) | (response.supportsIpmi15 ? 0x01 : 0);
    bytes.writeUIntLE(response.oemId, 4, 3);
    bytes[7] = response.oemData;
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Authentication Capabilities response');
    const channel = reader.byte();
    const types = reader.byte();
    const status = reader.byte();
    const extendedCapabilities = reader.byte();
    const extended = (types & 0x80) !== 0;
    return {
      channel,
      authenticationTypes: types & 0x3f,
      extended,
      systemKeySet: (status & 0x20) !== 0,
      perMessageAuthenticationDisabled: (status & 0x10) !== 0,
      userLevelAuthenticationDisabled: (status & 0x08) !== 0,
      nonNullUsernames: (status & 0x04) !== 0,
      nullUsernames: (status & 0x02) !== 0,
      anonymousLogin: (status & 0x01) !== 0,
      supportsIpmi15: !extended || (extendedCapabilities & 0x01) !== 0,
      supportsIpmi20: extended && (extendedCapabilities & 0x02) !== 0,
      oemId: reader.uint24LittleEndian(),
      oemData: reader.byte(),
    };
  },
};

/** §22.18. A privilege of 0 asks for the present level. */
export const setSessionPrivilegeLevel: IpmiCommand<{ privilege: number }, { privilege: number }> = {
  name: 'Set Session Privilege Level',
  networkFunction: networkFunction.application,
  command: 0x3b,
  idempotent: true,
  completionCodes: {
    0x80: 'Requested level not available for this user',
    0x81: 'Requested level exceeds Channel and/or User Privilege Limit',
    0x82: 'Cannot disable User Level authentication',
  },
  encodeRequest: ({ privilege }) => Buffer.of(privilege & 0x0f),
  decodeRequest: (bytes) => ({ privilege: new ByteReader(bytes, 'Set Session Privilege Level request').byte() & 0x0f }),
  encodeResponse: ({ privilege }) => Buffer.of(privilege & 0x0f),
  decodeResponse: (bytes) => ({
    privilege: new ByteReader(bytes, 'Set Session Privilege Level response').byte() & 0x0f,
  }),
};

/** §22.19. `sessionId` is the managed system's. */
export const closeSession: IpmiCommand<{ sessionId: number }, NoData> = {
  name: 'Close Session',
  networkFunction: networkFunction.application,
  command: 0x3c,
  idempotent: true,
  completionCodes: { 0x87: 'Invalid Session ID in request', 0x88: 'Invalid Session Handle in request' },
  encodeRequest({ sessionId }) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(sessionId);
    return bytes;
  },
  decodeRequest: (bytes) => ({ sessionId: new ByteReader(bytes, 'Close Session request').uint32LittleEndian() }),
  ...noResponseData,
};
