/**
 * DHCPv4 on the wire (RFC 2131, options of RFC 2132 and those that booting machines add): bytes to packets and back.
 * Pure: no clock, no sockets. Decoding never throws anything but `DhcpDecodeError`, whatever the bytes.
 */
export * from './addresses.ts';
export * from './encapsulated.ts';
export * from './option-values.ts';
export * from './options.ts';
export * from './packet.ts';
