/**
 * The Router Advertisement (RFC 4861, section 4.2):
 *
 * | offset | bytes | field                                                      |
 * |--------|-------|------------------------------------------------------------|
 * | 0      | 1     | type, 134                                                  |
 * | 1      | 1     | code, 0                                                    |
 * | 2      | 2     | checksum; left 0: the kernel fills it in on raw sockets    |
 * | 4      | 1     | hop limit for hosts to use; 0 leaves it to them            |
 * | 5      | 1     | flags: 0x80 managed, 0x40 other configuration (DHCPv6)     |
 * | 6      | 2     | router lifetime in seconds; 0: not a default router        |
 * | 8      | 4     | reachable time; 0 unspecified                              |
 * | 12     | 4     | retransmission timer; 0 unspecified                        |
 * | 16     | …     | options: 1 source link-layer address, length in 8 bytes    |
 */

/** ICMPv6 type of a Router Advertisement. */
export const routerAdvertisementType = 134;

/** Where Router Advertisements go: ff02::1, all nodes on the link (RFC 4861, section 4.2). */
export const allNodesAddress = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** Hop limit that receivers demand of every neighbour discovery message (RFC 4861, section 6.1.2). */
export const neighbourDiscoveryHopLimit = 255;

export interface RouterAdvertisement {
  /** Seconds that this node serves as default router; 0 says it is none. */
  routerLifetime: number;
  /** Addresses come by DHCPv6. */
  managed?: boolean;
  /** Other configuration comes by DHCPv6. */
  otherConfiguration?: boolean;
  /** The sender's hardware address (six bytes), which spares receivers asking for it. */
  sourceLinkLayerAddress?: Uint8Array;
}

/**
 * Write a Router Advertisement without prefixes. With lifetime 0 it gives hosts neither a route nor an address; it only
 * tells a client that waits for router discovery that there is nothing to wait for.
 */
export function encodeRouterAdvertisement(advertisement: RouterAdvertisement): Uint8Array {
  const lifetime = advertisement.routerLifetime;
  if (!Number.isInteger(lifetime) || lifetime < 0 || lifetime > 0xffff) {
    throw new RangeError(`router lifetime ${lifetime} is not within 0 to 65535`);
  }
  const link = advertisement.sourceLinkLayerAddress;
  if (link !== undefined && link.length !== 6) throw new RangeError('a link-layer address has six bytes');
  const bytes = new Uint8Array(link === undefined ? 16 : 24);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, routerAdvertisementType);
  view.setUint8(
    5,
    (advertisement.managed === true ? 0x80 : 0) | (advertisement.otherConfiguration === true ? 0x40 : 0),
  );
  view.setUint16(6, lifetime);
  if (link !== undefined) {
    view.setUint8(16, 1);
    view.setUint8(17, 1);
    bytes.set(link, 18);
  }
  return bytes;
}
