/**
 * TFTP packets and option negotiation (RFC 1350, 2347, 2348, 2349, 7440). Pure: bytes in, values out; nothing here
 * waits, sends or reads a file.
 */
export type { TftpErrorPacket, TftpMode, TftpOption, TftpPacket, TftpRequest } from './packet.ts';
export { decodeTftpPacket, encodeTftpPacket, tftpErrorCodes } from './packet.ts';
export type { NegotiatedTransfer, NegotiationLimits } from './negotiate.ts';
export { negotiateTransfer } from './negotiate.ts';
export { encodeNetascii } from './netascii.ts';
