/** Commands about channels (IPMI v2.0 §22.22–§22.24). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

/** Table 6-3. */
export const channelMedia: Readonly<Record<number, string>> = {
  0x01: 'IPMB (I2C)',
  0x02: 'ICMB v1.0',
  0x03: 'ICMB v0.9',
  0x04: '802.3 LAN',
  0x05: 'Asynch. Serial/Modem (RS-232)',
  0x06: 'Other LAN',
  0x07: 'PCI SMBus',
  0x08: 'SMBus v1.0/1.1',
  0x09: 'SMBus v2.0',
  0x0a: 'reserved for USB 1.x',
  0x0b: 'reserved for USB 2.x',
  0x0c: 'System Interface (KCS, SMIC, or BT)',
};

/** Table 6-2. */
export const channelProtocols: Readonly<Record<number, string>> = {
  0x01: 'IPMB-1.0',
  0x02: 'ICMB-1.0',
  0x04: 'IPMI-SMBus',
  0x05: 'KCS',
  0x06: 'SMIC',
  0x07: 'BT-10',
  0x08: 'BT-15',
  0x09: 'TMode',
  0x1c: 'OEM Protocol 1',
  0x1d: 'OEM Protocol 2',
  0x1e: 'OEM Protocol 3',
  0x1f: 'OEM Protocol 4',
};

export const channelMedium = { lan: 0x04, serial: 0x05, otherLan: 0x06, systemInterface: 0x0c } as const;

const sessionSupports = ['session-less', 'single-session', 'multi-session', 'session-based'] as const;
export type SessionSupport = (typeof sessionSupports)[number];

export interface ChannelInfo {
  channel: number;
  medium: number;
  protocol: number;
  sessionSupport: SessionSupport;
  activeSessions: number;
  /** 7154 is the IPMI forum: a protocol of the specification. */
  vendorId: number;
  /** For the system interface: the interrupts of SMS/IPMI messages and of events. */
  auxiliary: number;
}

/** §22.24. Channel 0x0E asks for the one that the request came by; the answer names it. */
export const getChannelInfo: IpmiCommand<{ channel: number }, ChannelInfo> = {
  name: 'Get Channel Info',
  networkFunction: networkFunction.application,
  command: 0x42,
  idempotent: true,
  encodeRequest: ({ channel }) => Buffer.of(channel & 0x0f),
  decodeRequest: (bytes) => ({ channel: new ByteReader(bytes, 'Get Channel Info request').byte() & 0x0f }),
  encodeResponse(info) {
    const bytes = Buffer.alloc(9);
    bytes[0] = info.channel & 0x0f;
    bytes[1] = info.medium & 0x7f;
    bytes[2] = info.protocol & 0x1f;
    bytes[3] = (sessionSupports.indexOf(info.sessionSupport) << 6) | (info.activeSessions & 0x3f);
    bytes.writeUIntLE(info.vendorId, 4, 3);
    bytes.writeUInt16LE(info.auxiliary, 7);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Info response');
    const channel = reader.byte() & 0x0f;
    const medium = reader.byte() & 0x7f;
    const protocol = reader.byte() & 0x1f;
    const sessions = reader.byte();
    return {
      channel,
      medium,
      protocol,
      sessionSupport: sessionSupports[sessions >> 6] ?? 'session-less',
      activeSessions: sessions & 0x3f,
      vendorId: reader.uint24LittleEndian(),
      // Left out by some BMCs: it says nothing but for the system interface.
      auxiliary: reader.remaining >= 2 ? reader.uint16LittleEndian() : 0,
    };
  },
};

const accessModes = ['disabled', 'pre-boot', 'always', 'shared'] as const;
export type ChannelAccessMode = (typeof accessModes)[number];

export interface ChannelAccess {
  alerting: boolean;
  perMessageAuthentication: boolean;
  userLevelAuthentication: boolean;
  /** A number where the specification reserves it. */
  mode: ChannelAccessMode | number;
  /** 1 callback … 5 OEM, 0 where the BMC has none. */
  privilegeLimit: number;
}

/** Settings that outlast a restart, or those in force. */
export type ChannelSettings = 'non-volatile' | 'volatile';

function encodeAccess(access: ChannelAccess): number {
  const mode = typeof access.mode === 'number' ? access.mode : accessModes.indexOf(access.mode);
  return (
    (access.alerting ? 0 : 0x20) |
    (access.perMessageAuthentication ? 0 : 0x10) |
    (access.userLevelAuthentication ? 0 : 0x08) |
    (mode & 0x07)
  );
}

function decodeAccess(access: number, limit: number): ChannelAccess {
  return {
    alerting: (access & 0x20) === 0,
    perMessageAuthentication: (access & 0x10) === 0,
    userLevelAuthentication: (access & 0x08) === 0,
    mode: accessModes[access & 0x07] ?? access & 0x07,
    privilegeLimit: limit & 0x0f,
  };
}

const settingsBits = { 'non-volatile': 0x40, volatile: 0x80 } as const;

function decodeSettings(byte: number, reader: ByteReader): ChannelSettings {
  const found = (['non-volatile', 'volatile'] as const).find((name) => settingsBits[name] === (byte & 0xc0));
  return found ?? reader.fail('neither volatile nor non-volatile settings are named');
}

/** §22.23. */
export const getChannelAccess: IpmiCommand<{ channel: number; settings: ChannelSettings }, ChannelAccess> = {
  name: 'Get Channel Access',
  networkFunction: networkFunction.application,
  command: 0x41,
  idempotent: true,
  completionCodes: { 0x82: 'Command not supported for selected channel' },
  encodeRequest: ({ channel, settings }) => Buffer.of(channel & 0x0f, settingsBits[settings]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Access request');
    return { channel: reader.byte() & 0x0f, settings: decodeSettings(reader.byte(), reader) };
  },
  encodeResponse: (access) => Buffer.of(encodeAccess(access), access.privilegeLimit & 0x0f),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Access response');
    const access = reader.byte();
    return decodeAccess(access, reader.byte());
  },
};

export interface SetChannelAccessRequest extends ChannelAccess {
  channel: number;
  settings: ChannelSettings;
}

/** §22.22. Sets access and privilege limit, both in the settings named. */
export const setChannelAccess: IpmiCommand<SetChannelAccessRequest, NoData> = {
  name: 'Set Channel Access',
  networkFunction: networkFunction.application,
  command: 0x40,
  idempotent: true,
  completionCodes: {
    0x82: 'Set not supported on selected channel',
    0x83: 'Access mode not supported',
  },
  encodeRequest(request) {
    const where = settingsBits[request.settings];
    return Buffer.of(request.channel & 0x0f, where | encodeAccess(request), where | (request.privilegeLimit & 0x0f));
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set Channel Access request');
    const channel = reader.byte() & 0x0f;
    const access = reader.byte();
    const limit = reader.byte();
    return { channel, settings: decodeSettings(access, reader), ...decodeAccess(access, limit) };
  },
  ...noResponseData,
};
