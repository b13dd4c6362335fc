/** Writes the server's answers: which options go in, and where the packet goes (RFC 2131, section 4.1 and table 3). */
import {
  addressListBytes,
  type DhcpPacket,
  encodeDhcp,
  encodeEncapsulated,
  ipv4Bytes,
  ipxeOption,
  messageType,
  numberBytes,
  numberOption,
  option,
  pxeOption,
  textBytes,
} from '../../protocols/dhcp/index.ts';
import type { NetbootClient } from '../netboot-client.ts';
import { broadcastAddress, subnetMask } from './addresses.ts';
import type { BootOptions, ServedNetwork } from './ports.ts';

export interface Reply {
  bytes: Uint8Array;
  address: string;
  port: number;
}

export interface Assignment {
  client: NetbootClient;
  /** Undefined for the answer to an INFORM: the client keeps the address it has. */
  address: string | undefined;
  hostname: string | undefined;
  boot: BootOptions | undefined;
}

const broadcast = '255.255.255.255';
const nowhere = '0.0.0.0';
/** Never larger than an Ethernet frame, whatever option 57 says: EDK2 sends it with its bytes swapped. */
const largestDatagram = 1500;
/** The header's `file` field holds 127 bytes and a NUL. */
const fileFieldRoom = 127;

/** An OFFER or an ACK. */
export function assigningReply(
  type: 'offer' | 'ack',
  request: DhcpPacket,
  network: ServedNetwork,
  assignment: Assignment,
): Reply {
  const { client, address, hostname, boot } = assignment;
  const asked = new Set(request.options.get(option.parameterRequestList) ?? []);
  const wants = (code: number): boolean => asked.size === 0 || asked.has(code);
  const options = identifyingOptions(type, network);
  const add = (code: number, value: Uint8Array): void => {
    options.set(code, value);
  };

  if (address !== undefined) {
    add(option.leaseTime, numberBytes(network.leaseSeconds, 4));
    add(option.renewalTime, numberBytes(Math.floor(network.leaseSeconds / 2), 4));
    add(option.rebindingTime, numberBytes(Math.floor((network.leaseSeconds * 7) / 8), 4));
  }
  add(option.subnetMask, ipv4Bytes(subnetMask(network.prefixLength)));
  if (wants(option.broadcastAddress)) {
    add(option.broadcastAddress, ipv4Bytes(broadcastAddress(network.address, network.prefixLength)));
  }
  if (network.gateway !== undefined) add(option.router, ipv4Bytes(network.gateway));
  if (network.dns.length > 0) add(option.domainNameServer, addressListBytes(network.dns));
  if (network.domain !== undefined && wants(option.domainName)) add(option.domainName, textBytes(network.domain));
  if (network.ntp !== undefined && network.ntp.length > 0 && wants(option.ntpServers)) {
    add(option.ntpServers, addressListBytes(network.ntp));
  }
  if (hostname !== undefined && wants(option.hostName)) add(option.hostName, textBytes(hostname));

  const bootFile = boot?.bootFile ?? '';
  const nextServer = boot?.nextServer ?? network.address;
  if (boot !== undefined) addBootOptions(options, { client, boot, bootFile, nextServer, asked });
  return finished(request, options, {
    yiaddr: address ?? nowhere,
    ciaddr: type === 'ack' ? request.ciaddr : nowhere,
    siaddr: boot === undefined ? nowhere : nextServer,
    bootFile: Buffer.byteLength(bootFile) <= fileFieldRoom ? bootFile : '',
  });
}

/** A NAK: the client must begin anew. It is broadcast, as the client has no address it may use (RFC 2131, section 4.1). */
export function refusingReply(request: DhcpPacket, network: ServedNetwork, why: string): Reply {
  const options = identifyingOptions('nak', network);
  options.set(option.message, textBytes(why));
  return finished(request, options, { yiaddr: nowhere, ciaddr: nowhere, siaddr: nowhere, bootFile: '' });
}

function identifyingOptions(type: 'offer' | 'ack' | 'nak', network: ServedNetwork): Map<number, Uint8Array> {
  return new Map([
    [option.messageType, Uint8Array.of(messageType[type])],
    [option.serverIdentifier, ipv4Bytes(network.address)],
  ]);
}

interface BootAnswer {
  client: NetbootClient;
  boot: BootOptions;
  bootFile: string;
  nextServer: string;
  asked: Set<number>;
}

/** Each kind of firmware takes a boot file only from an answer of its own kind. */
function addBootOptions(options: Map<number, Uint8Array>, answer: BootAnswer): void {
  const { client, boot, bootFile, nextServer, asked } = answer;
  if (bootFile !== '' && (asked.has(option.bootFileName) || Buffer.byteLength(bootFile) > fileFieldRoom)) {
    options.set(option.bootFileName, textBytes(bootFile));
  }
  if (asked.has(option.tftpServerName)) options.set(option.tftpServerName, textBytes(nextServer));
  const echo = boot.vendorClassEcho ?? echoOf(client);
  if (echo !== undefined) options.set(option.vendorClass, textBytes(echo));
  if (echo === 'PXEClient') {
    // PXE 2.1, section 2.2.3: with option 60 answered, a client looks for boot servers unless this bit forbids it.
    const skipDiscovery = encodeEncapsulated(new Map([[pxeOption.discoveryControl, Uint8Array.of(8)]]));
    options.set(option.vendorSpecific, skipDiscovery);
  }
  if (client.kind === 'ipxe') {
    options.set(option.ipxe, encodeEncapsulated(new Map([[ipxeOption.noProxyDhcp, Uint8Array.of(1)]])));
  }
}

/** iPXE is not answered as PXEClient: it would take the offer for a ProxyDHCP server's. */
function echoOf(client: NetbootClient): string | undefined {
  if (client.kind === 'firmware-http') return 'HTTPClient';
  if (client.kind === 'firmware-pxe' && client.vendorClass?.startsWith('PXEClient') === true) return 'PXEClient';
  return undefined;
}

type Changing = Pick<DhcpPacket, 'yiaddr' | 'ciaddr' | 'siaddr' | 'bootFile'>;

/** Fields and options that are copied from the request, and the way back. */
function finished(request: DhcpPacket, options: Map<number, Uint8Array>, changing: Changing): Reply {
  const refusal = options.get(option.messageType)?.[0] === messageType.nak;
  // RFC 6842, RFC 4578 (section 2.3) and RFC 3046 (section 2.2) in this order.
  const copied = refusal
    ? [option.clientIdentifier, option.relayAgentInformation]
    : [option.clientIdentifier, option.clientMachineIdentifier, option.relayAgentInformation];
  for (const code of copied) {
    const value = request.options.get(code);
    if (value !== undefined) options.set(code, value);
  }
  const relayed = request.giaddr !== nowhere;
  const packet: DhcpPacket = {
    op: 2,
    hardwareType: request.hardwareType,
    hops: 0,
    transactionId: request.transactionId,
    seconds: 0,
    broadcast: request.broadcast || (refusal && relayed),
    giaddr: request.giaddr,
    hardwareAddress: request.hardwareAddress,
    serverName: '',
    options,
    ...changing,
  };
  const accepted = numberOption(request, option.maximumMessageSize) ?? 0;
  const bytes = encodeDhcp(packet, Math.min(accepted, largestDatagram));
  if (relayed) return { bytes, address: request.giaddr, port: 67 };
  if (!refusal && request.ciaddr !== nowhere) return { bytes, address: request.ciaddr, port: 68 };
  // The client has no address yet, and without an ARP entry a unicast to it would go nowhere: RFC 2131, section 4.1.
  return { bytes, address: broadcast, port: 68 };
}
