/** User configuration commands (IPMI v2.0 §22.26–§22.30, §24.6, §24.7). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

/** The privilege limit that gives no access at all. */
export const noAccess = 0x0f;

export interface UserAccessLimits {
  /** A session may only be opened by calling the user back. */
  callbackOnly: boolean;
  /** PPP and the like. */
  linkAuthentication: boolean;
  /** Whether the user may open IPMI sessions on the channel. */
  ipmiMessaging: boolean;
  /** 1 callback … 5 OEM, 15 no access; 0 is reserved. */
  privilege: number;
}

export interface SetUserAccessRequest extends UserAccessLimits {
  channel: number;
  userId: number;
  /** False: the three flags stay as they are. */
  changeFlags: boolean;
  /** How many sessions the user may hold, 0 any number; left out, a byte that older BMCs do not know is not sent. */
  sessionLimit?: number;
}

/** §22.26. */
export const setUserAccess: IpmiCommand<SetUserAccessRequest, NoData> = {
  name: 'Set User Access',
  networkFunction: networkFunction.application,
  command: 0x43,
  idempotent: true,
  encodeRequest(request) {
    const bytes = [
      (request.changeFlags ? 0x80 : 0) |
        (request.callbackOnly ? 0x40 : 0) |
        (request.linkAuthentication ? 0x20 : 0) |
        (request.ipmiMessaging ? 0x10 : 0) |
        (request.channel & 0x0f),
      request.userId & 0x3f,
      request.privilege & 0x0f,
    ];
    return Buffer.from(request.sessionLimit === undefined ? bytes : [...bytes, request.sessionLimit & 0x0f]);
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set User Access request');
    const first = reader.byte();
    return {
      changeFlags: (first & 0x80) !== 0,
      callbackOnly: (first & 0x40) !== 0,
      linkAuthentication: (first & 0x20) !== 0,
      ipmiMessaging: (first & 0x10) !== 0,
      channel: first & 0x0f,
      userId: reader.byte() & 0x3f,
      privilege: reader.byte() & 0x0f,
      ...(reader.remaining > 0 && { sessionLimit: reader.byte() & 0x0f }),
    };
  },
  ...noResponseData,
};

/** Errata 3: whether Set User Password has enabled the user; `unspecified` from BMCs that do not tell. */
const enableStates = ['unspecified', 'enabled', 'disabled', 'reserved'] as const;
export type UserEnableState = (typeof enableStates)[number];

export interface UserAccess extends UserAccessLimits {
  /** The highest user id there is. */
  maximumUsers: number;
  enabledUsers: number;
  /** So many users, from 1 up, have names that cannot be set. */
  fixedNames: number;
  enabled: UserEnableState;
}

/** §22.27. */
export const getUserAccess: IpmiCommand<{ channel: number; userId: number }, UserAccess> = {
  name: 'Get User Access',
  networkFunction: networkFunction.application,
  command: 0x44,
  idempotent: true,
  encodeRequest: ({ channel, userId }) => Buffer.of(channel & 0x0f, userId & 0x3f),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get User Access request');
    return { channel: reader.byte() & 0x0f, userId: reader.byte() & 0x3f };
  },
  encodeResponse: (access) =>
    Buffer.of(
      access.maximumUsers & 0x3f,
      (enableStates.indexOf(access.enabled) << 6) | (access.enabledUsers & 0x3f),
      access.fixedNames & 0x3f,
      (access.callbackOnly ? 0x40 : 0) |
        (access.linkAuthentication ? 0x20 : 0) |
        (access.ipmiMessaging ? 0x10 : 0) |
        (access.privilege & 0x0f),
    ),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get User Access response');
    const maximum = reader.byte();
    const enabled = reader.byte();
    const fixed = reader.byte();
    const access = reader.byte();
    return {
      maximumUsers: maximum & 0x3f,
      enabledUsers: enabled & 0x3f,
      fixedNames: fixed & 0x3f,
      enabled: enableStates[enabled >> 6] ?? 'unspecified',
      callbackOnly: (access & 0x40) !== 0,
      linkAuthentication: (access & 0x20) !== 0,
      ipmiMessaging: (access & 0x10) !== 0,
      privilege: access & 0x0f,
    };
  },
};

const nameLength = 16;

/** Sixteen bytes padded with zeros. Latin-1, so that any bytes come back as they were. */
function encodeName(name: string): Buffer {
  const bytes = Buffer.alloc(nameLength);
  bytes.write(name, 'latin1');
  return bytes;
}

function decodeName(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** §22.28. An empty name frees the slot. */
export const setUserName: IpmiCommand<{ userId: number; name: string }, NoData> = {
  name: 'Set User Name',
  networkFunction: networkFunction.application,
  command: 0x45,
  idempotent: true,
  encodeRequest: ({ userId, name }) => Buffer.concat([Buffer.of(userId & 0x3f), encodeName(name)]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set User Name request');
    return { userId: reader.byte() & 0x3f, name: decodeName(reader.bytes(nameLength)) };
  },
  ...noResponseData,
};

/** §22.29. Some BMCs refuse it for a slot without a name; others answer `(Empty User)`. */
export const getUserName: IpmiCommand<{ userId: number }, { name: string }> = {
  name: 'Get User Name',
  networkFunction: networkFunction.application,
  command: 0x46,
  idempotent: true,
  encodeRequest: ({ userId }) => Buffer.of(userId & 0x3f),
  decodeRequest: (bytes) => ({ userId: new ByteReader(bytes, 'Get User Name request').byte() & 0x3f }),
  encodeResponse: ({ name }) => encodeName(name),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get User Name response');
    return { name: decodeName(reader.bytes(Math.min(nameLength, reader.remaining))) };
  },
};

const passwordOperations = ['disable', 'enable', 'set', 'test'] as const;
export type PasswordOperation = (typeof passwordOperations)[number];

export interface SetUserPasswordRequest {
  userId: number;
  operation: PasswordOperation;
  size: 16 | 20;
  /** Padded with zeros to `size`; empty for disable and enable. */
  password: Uint8Array;
}

/** The completion codes of the operation `test`. */
export const passwordTestRefusal = { mismatch: 0x80, wrongSize: 0x81 } as const;

/** §22.30: one command that enables and disables a user, sets a password, and tests one. */
export const setUserPassword: IpmiCommand<SetUserPasswordRequest, NoData> = {
  name: 'Set User Password',
  networkFunction: networkFunction.application,
  command: 0x47,
  idempotent: true,
  completionCodes: {
    0x80: 'Password test failed. Password size correct, but password data does not match stored value',
    0x81: 'Password test failed. Wrong password size was used',
  },
  encodeRequest({ userId, operation, size, password }) {
    const withPassword = operation === 'set' || operation === 'test';
    const padded = Buffer.alloc(withPassword ? size : 0);
    padded.set(password.subarray(0, padded.length));
    return Buffer.concat([
      Buffer.of((size === 20 ? 0x80 : 0) | (userId & 0x3f), passwordOperations.indexOf(operation)),
      padded,
    ]);
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set User Password request');
    const first = reader.byte();
    const operation = passwordOperations[reader.byte() & 0x03] ?? 'disable';
    const size = (first & 0x80) === 0 ? 16 : 20;
    const withPassword = operation === 'set' || operation === 'test';
    return {
      userId: first & 0x3f,
      operation,
      size,
      // A password sent along with enable or disable says nothing (§22.30).
      password: withPassword ? reader.bytes(size) : Buffer.alloc(0),
    };
  },
  ...noResponseData,
};

export interface PayloadAccess {
  /** Bit per standard payload type 0–15; bit 1 is serial over LAN. */
  standardPayloads: number;
  /** Bit per OEM payload type 0x20–0x2F. */
  oemPayloads: number;
}

export const solPayloadBit = 0x02;

export interface SetUserPayloadAccessRequest extends PayloadAccess {
  channel: number;
  userId: number;
  /** What becomes of the payload types whose bit is set; the others stay as they are. */
  operation: 'enable' | 'disable';
}

/** §24.6. */
export const setUserPayloadAccess: IpmiCommand<SetUserPayloadAccessRequest, NoData> = {
  name: 'Set User Payload Access',
  networkFunction: networkFunction.application,
  command: 0x4c,
  idempotent: true,
  encodeRequest(request) {
    const operation = request.operation === 'enable' ? 0 : 0x40;
    return Buffer.concat([
      Buffer.of(request.channel & 0x0f, operation | (request.userId & 0x3f)),
      payloadBits(request),
    ]);
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set User Payload Access request');
    const channel = reader.byte() & 0x0f;
    const second = reader.byte();
    const operation = (second & 0xc0) === 0 ? 'enable' : 'disable';
    return { channel, userId: second & 0x3f, operation, ...readPayloadBits(reader) };
  },
  ...noResponseData,
};

/** §24.7. */
export const getUserPayloadAccess: IpmiCommand<{ channel: number; userId: number }, PayloadAccess> = {
  name: 'Get User Payload Access',
  networkFunction: networkFunction.application,
  command: 0x4d,
  idempotent: true,
  encodeRequest: ({ channel, userId }) => Buffer.of(channel & 0x0f, userId & 0x3f),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get User Payload Access request');
    return { channel: reader.byte() & 0x0f, userId: reader.byte() & 0x3f };
  },
  encodeResponse: (access) => payloadBits(access),
  decodeResponse: (bytes) => readPayloadBits(new ByteReader(bytes, 'Get User Payload Access response')),
};

function payloadBits(access: PayloadAccess): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(access.standardPayloads, 0);
  bytes.writeUInt16LE(access.oemPayloads, 2);
  return bytes;
}

function readPayloadBits(reader: ByteReader): PayloadAccess {
  return { standardPayloads: reader.uint16LittleEndian(), oemPayloads: reader.uint16LittleEndian() };
}
