/** Send Message (IPMI v2.0 §22.7): hands a message on to another channel, for a controller behind the BMC. */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand } from '../command.ts';
import { networkFunction } from '../command.ts';

export interface SendMessageRequest {
  channel: number;
  /** Bits 7:6 = 01: the BMC keeps in mind who asked, and hands the answer back on this session (§6.13.4). */
  track: boolean;
  /** A whole message for the other bus, checksums and all. */
  message: Uint8Array;
}

/** §22.7. The answer may carry the embedded response, or nothing: then it comes as a message of its own. */
export const sendMessage: IpmiCommand<SendMessageRequest, { message: Uint8Array }> = {
  name: 'Send Message',
  networkFunction: networkFunction.application,
  command: 0x34,
  idempotent: false,
  completionCodes: {
    0x80: 'Invalid Session Handle',
    0x81: 'Lost Arbitration',
    0x82: 'Bus Error',
    0x83: 'NAK on Write',
  },
  encodeRequest: ({ channel, track, message }) =>
    Buffer.concat([Buffer.of((track ? 0x40 : 0) | (channel & 0x0f)), message]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Send Message request');
    const channelByte = reader.byte();
    return { channel: channelByte & 0x0f, track: (channelByte & 0xc0) === 0x40, message: reader.rest() };
  },
  encodeResponse: ({ message }) => Buffer.from(message),
  decodeResponse: (bytes) => ({ message: Buffer.from(bytes) }),
};
