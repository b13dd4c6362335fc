/**
 * A read-only TFTP server for booting machines (RFC 1350, 2347, 2348, 2349, 7440), on one address of one interface.
 * What it serves is a function; it knows no directory.
 */
export type { TftpContent, TftpFile, TftpRead, TftpReader } from './content.ts';
export { tftpFile } from './content.ts';
export { normaliseTftpPath } from './path.ts';
export type { TftpLimits, TftpServer, TftpServerOptions } from './server.ts';
export { createTftpServer } from './server.ts';
export type { TftpOutcome, TftpReport } from './transfer.ts';
