/** ICMPv6 messages that the boot services send (RFC 4443, RFC 4861). Pure: bytes only. */
export * from './router-advertisement.ts';
