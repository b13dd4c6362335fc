/** What a DHCP packet (or later a TFTP or HTTP request) tells of a booting machine. */
export interface NetbootClient {
  /** The client's hardware address, `aa:bb:cc:dd:ee:ff`, lower case. */
  mac: string;
  /** The name of the served network the packet came in on. */
  network: string;
  /** Who is asking; `none` is an operating system that only wants an address. */
  kind: 'firmware-pxe' | 'firmware-http' | 'ipxe' | 'none';
  /** Option 93, first value (IANA processor architecture). */
  architecture?: number;
  /** Option 97, hexadecimal with dashes, bytes in wire order. */
  uuid?: string;
  /** Option 60. */
  vendorClass?: string;
  /** Option 77, either encoding (RFC 3004 or iPXE's raw text). */
  userClass?: string;
  /** Option 12. */
  hostname?: string;
}
