/** What a DHCP packet tells of its sender. */
import {
  clientArchitectures,
  clientMachineUuid,
  decodeDhcp,
  DhcpDecodeError,
  type DhcpPacket,
  formatMac,
  option,
  textOption,
  userClasses,
} from '../../protocols/dhcp/index.ts';
import type { NetbootClient } from '../netboot-client.ts';

/** UUIDs that tell nothing: boards whose maker filled none in. */
const blankUuid = /^[0-]+$|^[f-]+$/;

/** The packet, or undefined for bytes that are none: anybody can send them. */
export function packetIn(bytes: Uint8Array): DhcpPacket | undefined {
  try {
    return decodeDhcp(bytes);
  } catch (error) {
    if (error instanceof DhcpDecodeError) return undefined;
    throw error;
  }
}

/** The sender as a netboot client, or undefined when it has no Ethernet address that one machine can have. */
export function clientOf(packet: DhcpPacket, network: string): NetbootClient | undefined {
  const hardware = packet.hardwareAddress;
  if (packet.hardwareType !== 1 || hardware.length !== 6) return undefined;
  if (((hardware[0] ?? 1) & 1) === 1 || hardware.every((byte) => byte === 0)) return undefined;

  const architecture = clientArchitectures(packet)[0];
  const uuid = clientMachineUuid(packet);
  const vendorClass = textOption(packet, option.vendorClass);
  const classes = userClasses(packet);
  const hostname = textOption(packet, option.hostName);
  return {
    mac: formatMac(hardware),
    network,
    kind: kindOf(packet, vendorClass, classes, architecture),
    ...(architecture === undefined ? {} : { architecture }),
    ...(uuid === undefined || blankUuid.test(uuid) ? {} : { uuid }),
    ...(vendorClass === undefined ? {} : { vendorClass }),
    ...(classes.length === 0 ? {} : { userClass: classes.join(',') }),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

/** iPXE calls itself PXEClient too, and an embedded script may change its user class but not option 175: so it is first. */
function kindOf(
  packet: DhcpPacket,
  vendorClass: string | undefined,
  classes: string[],
  architecture: number | undefined,
): NetbootClient['kind'] {
  if (packet.options.has(option.ipxe) || classes.includes('iPXE')) return 'ipxe';
  if (vendorClass?.startsWith('HTTPClient') === true) return 'firmware-http';
  // U-Boot names itself in option 60; only what boots from the network names an architecture.
  if (vendorClass?.startsWith('PXEClient') === true || architecture !== undefined) return 'firmware-pxe';
  return 'none';
}
