/** The parameters of Get DCMI Capabilities Info (DCMI v1.5 §6.1.1, Table 6-3). */
import { ByteReader } from '../byte-reader.ts';

export const dcmiCapability = {
  supported: 1,
  platformAttributes: 2,
  powerManagementAttributes: 3,
  accessAttributes: 4,
  enhancedPowerStatistics: 5,
} as const;

/** Parameter 1: three bytes of bits, each by its name, bit 0 first. */
export const dcmiSupportedBits = {
  platform: ['identification', 'SEL logging', 'chassis power', 'temperature monitor'],
  optional: ['power management'],
  access: [
    'in-band KCS channel',
    'out-of-band serial TMODE',
    'out-of-band secondary LAN channel',
    'out-of-band primary LAN channel',
    'serial over LAN',
    'VLAN',
  ],
} as const;

export interface DcmiSupported {
  platform: number;
  optional: number;
  access: number;
}

export const encodeDcmiSupported = ({ platform, optional, access }: DcmiSupported): Buffer =>
  Buffer.of(platform, optional, access);

export function decodeDcmiSupported(data: Uint8Array): DcmiSupported {
  const reader = new ByteReader(data, 'DCMI supported capabilities');
  return { platform: reader.byte(), optional: reader.byte(), access: reader.byte() };
}

/** Parameter 5: rolling averages that are kept, in seconds. */
export function encodeEnhancedPowerStatistics(periods: readonly number[]): Buffer {
  return Buffer.from([periods.length, ...periods.map(encodePeriod)]);
}

export function decodeEnhancedPowerStatistics(data: Uint8Array): number[] {
  const reader = new ByteReader(data, 'DCMI enhanced power statistics');
  const count = Math.min(reader.byte(), reader.remaining);
  return Array.from({ length: count }, () => decodePeriod(reader.byte()));
}

const unitSeconds = [1, 60, 3_600, 86_400] as const;

/** Bits 7:6 the unit (seconds, minutes, hours, days), 5:0 how many. */
export function encodePeriod(seconds: number): number {
  const fitting = unitSeconds.findIndex((unit) => seconds % unit === 0 && seconds / unit <= 63);
  const unit = fitting === -1 ? 3 : fitting;
  return (unit << 6) | (Math.floor(seconds / (unitSeconds[unit] ?? 1)) & 0x3f);
}

export function decodePeriod(byte: number): number {
  return (byte & 0x3f) * (unitSeconds[byte >> 6] ?? 1);
}
