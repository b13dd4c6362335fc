/** How packets reach the server and leave it: sockets bound to the served interface. */
import { readFile } from 'node:fs/promises';
import { allNodesAddress, encodeRouterAdvertisement } from '../../protocols/icmpv6/index.ts';
import { macBytes } from '../../protocols/dhcp/index.ts';
import type { BootLogger } from '../boot-ports.ts';
import { forgetNeighbour, interfaceMac, type LinkSender, openIcmpv6Sender, openUdpSocket } from '../sockets.ts';
import type { DhcpTransport, ServedNetwork } from './ports.ts';

/** Discard, RFC 863: nobody listens, and a packet to it makes the kernel ask for the neighbour. */
const discardPort = 9;
/** A machine on the link answers ARP well within the last of these. */
const neighbourChecks = [10, 30, 60];

/** Sockets on the network's interface. A Router Advertisement that cannot be sent is a warning; all else is an error. */
export const interfaceTransport: DhcpTransport = async (network, handlers, { clock, logger }) => {
  const where = { interface: network.interface, port: 67 };
  // The one hears broadcasts; the other hears unicasts to the server's address and gives answers that source address.
  const server = await openUdpSocket({ ...where, address: '0.0.0.0' });
  const opened = [server];
  try {
    const unicast = await openUdpSocket({ ...where, address: network.address });
    opened.push(unicast);
    const client = await openUdpSocket({ ...where, address: '0.0.0.0', port: 68 });
    opened.push(client);
    const neighbour = await openUdpSocket({ ...where, address: network.address, port: 0 });
    opened.push(neighbour);
    for (const socket of opened) {
      socket.on('error', (error) => logger.warn({ error, network: network.name }, 'a DHCP socket reported an error'));
    }
    server.on('message', (bytes) => handlers.toServer(bytes));
    unicast.on('message', (bytes) => handlers.toServer(bytes));
    client.on('message', (bytes, from) => handlers.toClient(bytes, from.address));

    const sent = (what: string) => (error: Error | null) => {
      if (error !== null) logger.warn({ error, network: network.name }, `cannot send ${what}`);
    };
    const advertiser = openAdvertiser(network, logger);
    let closed = false;
    return {
      reply: (bytes, address, port) => {
        if (!closed) unicast.send(bytes, port, address, sent('a DHCP answer'));
      },
      probe: (bytes) => {
        if (!closed) client.send(bytes, 67, '255.255.255.255', sent('a DHCP probe'));
      },
      whoHas: async (address) => {
        forgetNeighbour(network.interface, address);
        if (closed) return undefined;
        neighbour.send(new Uint8Array(1), discardPort, address, sent('an address probe'));
        for (const wait of neighbourChecks) {
          await new Promise<void>((resolve) => void clock.after(wait, resolve));
          const mac = neighbourIn(await readFile('/proc/net/arp', 'utf8'), network.interface, address);
          if (mac !== undefined) return mac;
        }
        return undefined;
      },
      advertise: () => advertiser?.(),
      close: async () => {
        closed = true;
        advertiser?.close();
        await Promise.all(opened.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
      },
    };
  } catch (error) {
    for (const socket of opened) socket.close();
    throw error;
  }
};

/**
 * The MAC of a complete entry (flag 0x2) of /proc/net/arp: address, type, flags, MAC, mask, device.
 *
 * @param interfaceName undefined: on any interface
 */
export function neighbourIn(table: string, interfaceName: string | undefined, address: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [entry, , flags, mac, , device] = line.trim().split(/\s+/);
    if (entry === address && (interfaceName === undefined || device === interfaceName) && (Number(flags) & 2) !== 0)
      return mac;
  }
  return undefined;
}

interface Advertiser {
  (): void;
  close(): void;
}

function openAdvertiser(network: ServedNetwork, logger: BootLogger): Advertiser | undefined {
  if (!network.routerAdvertisement) return undefined;
  const consequence = 'no Router Advertisements: iPXE will wait about 15 s for IPv6 at each boot';
  let sender: LinkSender;
  let message: Uint8Array;
  try {
    const mac = interfaceMac(network.interface);
    const link = mac === undefined ? {} : { sourceLinkLayerAddress: macBytes(mac) };
    message = encodeRouterAdvertisement({ routerLifetime: 0, ...link });
    sender = openIcmpv6Sender(network.interface, allNodesAddress);
  } catch (error) {
    logger.warn({ error, network: network.name }, consequence);
    return undefined;
  }
  let complained = false;
  const send = (): void => {
    try {
      sender.send(message);
      complained = false;
    } catch (error) {
      if (!complained) logger.warn({ error, network: network.name }, consequence);
      complained = true;
    }
  };
  return Object.assign(send, { close: () => sender.close() });
}
