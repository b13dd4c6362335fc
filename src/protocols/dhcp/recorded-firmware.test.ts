/** Packets that real boot firmware sent, recorded. They live beside the repository; where they are absent this says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  clientArchitectures,
  clientMachineUuid,
  decodeDhcp,
  decodeEncapsulated,
  type DhcpPacket,
  encodeDhcp,
  formatMac,
  messageTypeName,
  messageTypeOf,
  numberOption,
  option,
  textOption,
  userClasses,
} from './index.ts';
import { recordings } from '../../../tools/recordings.ts';

const folder = recordings('dhcp');

/** UDP payloads from or to ports 67 and 68 of a classic little-endian pcap of Ethernet frames. */
function dhcpPayloads(name: string): Uint8Array[] {
  const bytes = readFileSync(join(folder ?? '', name));
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
  const payloads: Uint8Array[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const frame = bytes.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    if (frame.readUInt16BE(12) !== 0x0800 || frame[23] !== 17) continue;
    const datagram = frame.subarray(14 + ((frame[14] ?? 0) & 15) * 4);
    if (![67, 68].includes(datagram.readUInt16BE(2))) continue;
    payloads.push(datagram.subarray(8, datagram.readUInt16BE(4)));
  }
  return payloads;
}

const fromClients = (name: string): DhcpPacket[] =>
  dhcpPayloads(name)
    .map((bytes) => decodeDhcp(bytes))
    .filter((packet) => packet.op === 1);

describe.runIf(folder)('recorded boot firmware', () => {
  it('reads iPXE in a BIOS network card', () => {
    const [discover] = fromClients('bios_ipxe_e1000.pcap');
    if (discover === undefined) throw new Error('no packet');
    expect(messageTypeName(messageTypeOf(discover))).toBe('DISCOVER');
    expect(formatMac(discover.hardwareAddress)).toBe('52:54:00:aa:00:01');
    expect(textOption(discover, option.vendorClass)).toBe('PXEClient:Arch:00000:UNDI:002001');
    expect(userClasses(discover)).toEqual(['iPXE']);
    expect(clientArchitectures(discover)).toEqual([0]);
    expect(clientMachineUuid(discover)).toBe('00000000-0000-0000-0000-000000000000');
    const features = decodeEncapsulated(discover.options.get(option.ipxe) ?? new Uint8Array());
    expect(features.get(19)).toEqual(Uint8Array.of(1));
  });

  it('reads OVMF, first PXE then HTTP, and its byte-swapped option 57', () => {
    const clients = fromClients('ovmf_x64_nobootfile_pxe_http.pcap').map((packet) => [
      textOption(packet, option.vendorClass)?.split(':')[0],
      clientArchitectures(packet)[0],
    ]);
    expect(clients).toContainEqual(['PXEClient', 7]);
    expect(clients).toContainEqual(['HTTPClient', 16]);
    const request = fromClients('ovmf_x64_virtio.pcap').find((packet) => messageTypeOf(packet) === 3);
    if (request === undefined) throw new Error('no REQUEST');
    expect(numberOption(request, option.maximumMessageSize)).toBe(65280);
  });

  it('reads U-Boot, which names a file of its own', () => {
    const [discover] = fromClients('uboot_arm64.pcap');
    if (discover === undefined) throw new Error('no packet');
    expect(discover.bootFile).toBe('boot.scr.uimg');
    expect(textOption(discover, option.vendorClass)).toBe('U-Boot.armv8');
    expect(clientArchitectures(discover)).toEqual([22]);
  });

  it('decodes every recorded packet to the same again after encoding it', () => {
    const names = [
      'bios_ipxe_e1000.pcap',
      'ovmf_x64_nobootfile_pxe_http.pcap',
      'ovmf_x64_virtio.pcap',
      'uboot_arm64.pcap',
    ];
    let count = 0;
    for (const payload of names.flatMap((name) => dhcpPayloads(name))) {
      const packet = decodeDhcp(payload);
      expect(decodeDhcp(encodeDhcp(packet, 1500))).toEqual(packet);
      count += 1;
    }
    expect(count).toBe(28);
  });
});
