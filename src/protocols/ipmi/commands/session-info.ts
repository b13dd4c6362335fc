/** Get Session Info (IPMI v2.0 §22.20). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand } from '../command.ts';
import { networkFunction } from '../command.ts';

/** This session, the n-th active one, the one with this handle, or the one with this id of the managed system's. */
export type SessionInfoRequest = { which: 'this' } | { nth: number } | { handle: number } | { id: number };

export interface SessionInfo {
  /** 0 where no such session is active: then nothing else is known. */
  handle: number;
  possibleSessions: number;
  activeSessions: number;
  session: SessionDetail | undefined;
}

export interface SessionDetail {
  userId: number;
  privilege: number;
  channel: number;
  /** Of a LAN channel: 0 IPMI 1.5, 1 RMCP+. */
  protocol: number;
  lan: { address: string; mac: Uint8Array; port: number } | undefined;
}

const byHandle = 0xfe;
const byId = 0xff;

/** §22.20. */
export const getSessionInfo: IpmiCommand<SessionInfoRequest, SessionInfo> = {
  name: 'Get Session Info',
  networkFunction: networkFunction.application,
  command: 0x3d,
  idempotent: true,
  encodeRequest(request) {
    if ('which' in request) return Buffer.of(0);
    if ('nth' in request) return Buffer.of(request.nth);
    if ('handle' in request) return Buffer.of(byHandle, request.handle);
    const bytes = Buffer.of(byId, 0, 0, 0, 0);
    bytes.writeUInt32LE(request.id, 1);
    return bytes;
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Session Info request');
    const index = reader.byte();
    if (index === 0) return { which: 'this' };
    if (index === byHandle) return { handle: reader.byte() };
    if (index === byId) return { id: reader.uint32LittleEndian() };
    return { nth: index };
  },
  encodeResponse({ handle, possibleSessions, activeSessions, session }) {
    const head = Buffer.of(handle, possibleSessions & 0x3f, activeSessions & 0x3f);
    if (session === undefined) return head;
    const { userId, privilege, channel, protocol, lan } = session;
    const who = Buffer.of(userId & 0x3f, privilege & 0x0f, (protocol << 4) | (channel & 0x0f));
    if (lan === undefined) return Buffer.concat([head, who]);
    const port = Buffer.alloc(2);
    port.writeUInt16LE(lan.port);
    return Buffer.concat([head, who, Buffer.from(lan.address.split('.').map(Number)), lan.mac, port]);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Session Info response');
    const handle = reader.byte();
    const possibleSessions = reader.byte() & 0x3f;
    const activeSessions = reader.byte() & 0x3f;
    if (handle === 0 || reader.remaining === 0) return { handle, possibleSessions, activeSessions, session: undefined };
    const userId = reader.byte() & 0x3f;
    const privilege = reader.byte() & 0x0f;
    const channelByte = reader.byte();
    const who = { userId, privilege, channel: channelByte & 0x0f, protocol: channelByte >> 4 };
    const lan =
      reader.remaining < 12
        ? undefined
        : { address: reader.bytes(4).join('.'), mac: reader.bytes(6), port: reader.uint16LittleEndian() };
    return { handle, possibleSessions, activeSessions, session: { ...who, lan } };
  },
};
