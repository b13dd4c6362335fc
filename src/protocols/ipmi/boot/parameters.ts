/**
 * The System Boot Options parameters beside the boot flags (IPMI v2.0 §28.12, Table 28-14).
 *
 * | parameter                    | bytes                                                                       |
 * | ---------------------------- | --------------------------------------------------------------------------- |
 * | 0 set in progress            | 1:0 complete, in progress, commit write                                     |
 * | 1 service partition selector | number, 0 none                                                              |
 * | 2 service partition scan     | 1 scan requested, 0 partition found                                         |
 * | 3 boot flag valid clearing   | 4 PEF, 3 60 s timeout, 2 watchdog, 1 reset button or soft reset, 0 power button |
 * | 4 boot info acknowledge      | write mask, 4 OEM, 3 SMS, 2 OS or service partition, 1 OS loader, 0 BIOS     |
 * | 6 boot initiator info        | channel, session id (4, LE), seconds since 1970 (4, LE)                      |
 * | 7 boot initiator mailbox     | block number, up to 16 bytes                                                |
 */
import { ByteReader } from '../byte-reader.ts';

export const bootParameter = {
  setInProgress: 0,
  servicePartitionSelector: 1,
  servicePartitionScan: 2,
  bootFlagValidClearing: 3,
  bootInfoAcknowledge: 4,
  bootFlags: 5,
  bootInitiatorInfo: 6,
  bootInitiatorMailbox: 7,
} as const;

/** 96–127 belong to vendors. */
export const bootParameterNames: Readonly<Record<number, string>> = {
  0: 'Set In Progress',
  1: 'Service Partition Selector',
  2: 'Service Partition Scan',
  3: 'BMC Boot Flag Valid bit Clearing',
  4: 'Boot Info Acknowledge',
  5: 'Boot Flags',
  6: 'Boot Initiator Info',
  7: 'Boot Initiator Mailbox',
};

const progress = ['set-complete', 'set-in-progress', 'commit-write', 'reserved'] as const;
export type BootSetInProgress = (typeof progress)[number];

export const encodeBootSetInProgress = (state: BootSetInProgress): Buffer => Buffer.of(progress.indexOf(state));

export function decodeBootSetInProgress(data: Uint8Array): BootSetInProgress {
  return progress[new ByteReader(data, 'boot option set in progress').byte() & 0x03] ?? 'reserved';
}

export const encodeServicePartitionSelector = (partition: number): Buffer => Buffer.of(partition & 0xff);

export function decodeServicePartitionSelector(data: Uint8Array): number {
  return new ByteReader(data, 'service partition selector').byte();
}

export interface ServicePartitionScan {
  scanRequested: boolean;
  partitionFound: boolean;
}

export function encodeServicePartitionScan(scan: ServicePartitionScan): Buffer {
  return Buffer.of((scan.scanRequested ? 0x02 : 0) | (scan.partitionFound ? 0x01 : 0));
}

export function decodeServicePartitionScan(data: Uint8Array): ServicePartitionScan {
  const byte = new ByteReader(data, 'service partition scan').byte();
  return { scanRequested: (byte & 0x02) !== 0, partitionFound: (byte & 0x01) !== 0 };
}

/** The conditions under which the BMC keeps the boot flags although it would clear their valid bit. */
export interface BootFlagsKept {
  byPlatformEventFilter: boolean;
  /** No chassis control came within 60 s. */
  afterTimeout: boolean;
  afterWatchdog: boolean;
  byResetButton: boolean;
  byPowerButton: boolean;
}

export function encodeBootFlagsKept(kept: BootFlagsKept): Buffer {
  return Buffer.of(
    (kept.byPlatformEventFilter ? 0x10 : 0) |
      (kept.afterTimeout ? 0x08 : 0) |
      (kept.afterWatchdog ? 0x04 : 0) |
      (kept.byResetButton ? 0x02 : 0) |
      (kept.byPowerButton ? 0x01 : 0),
  );
}

export function decodeBootFlagsKept(data: Uint8Array): BootFlagsKept {
  const byte = new ByteReader(data, 'boot flag valid bit clearing').byte();
  return {
    byPlatformEventFilter: (byte & 0x10) !== 0,
    afterTimeout: (byte & 0x08) !== 0,
    afterWatchdog: (byte & 0x04) !== 0,
    byResetButton: (byte & 0x02) !== 0,
    byPowerButton: (byte & 0x01) !== 0,
  };
}

/** Who has handled the boot information. */
export interface BootInfoAcknowledge {
  bios: boolean;
  osLoader: boolean;
  osOrServicePartition: boolean;
  managementSoftware: boolean;
  oem: boolean;
}

const acknowledgeBits: readonly (readonly [keyof BootInfoAcknowledge, number])[] = [
  ['bios', 0x01],
  ['osLoader', 0x02],
  ['osOrServicePartition', 0x04],
  ['managementSoftware', 0x08],
  ['oem', 0x10],
];

/** `change` names the bits to write; the others keep what they are. */
export function encodeBootInfoAcknowledge(change: Partial<BootInfoAcknowledge>): Buffer {
  const mask = acknowledgeBits.reduce((sum, [who, bit]) => sum | (change[who] === undefined ? 0 : bit), 0);
  const value = acknowledgeBits.reduce((sum, [who, bit]) => sum | (change[who] === true ? bit : 0), 0);
  return Buffer.of(mask, value);
}

/** As it is written: only the bits of the write mask. */
export function decodeBootInfoAcknowledgeChange(data: Uint8Array): Partial<BootInfoAcknowledge> {
  const reader = new ByteReader(data, 'boot info acknowledge');
  const mask = reader.byte();
  const value = reader.byte();
  const named = acknowledgeBits.filter(([, bit]) => (mask & bit) !== 0);
  return Object.fromEntries(named.map(([who, bit]) => [who, (value & bit) !== 0]));
}

/** As it is read: the write mask means nothing there (it reads 0). */
export function decodeBootInfoAcknowledge(data: Uint8Array): BootInfoAcknowledge {
  const reader = new ByteReader(data, 'boot info acknowledge');
  reader.skip(1);
  const value = reader.byte();
  const has = (bit: number) => (value & bit) !== 0;
  return {
    bios: has(0x01),
    osLoader: has(0x02),
    osOrServicePartition: has(0x04),
    managementSoftware: has(0x08),
    oem: has(0x10),
  };
}

export interface BootInitiatorInfo {
  channel: number;
  sessionId: number;
  /** Seconds since 1970. */
  timestamp: number;
}

export function encodeBootInitiatorInfo(info: BootInitiatorInfo): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(info.channel & 0x0f, 0);
  bytes.writeUInt32LE(info.sessionId, 1);
  bytes.writeUInt32LE(info.timestamp, 5);
  return bytes;
}

export function decodeBootInitiatorInfo(data: Uint8Array): BootInitiatorInfo {
  const reader = new ByteReader(data, 'boot initiator info');
  return {
    channel: reader.byte() & 0x0f,
    sessionId: reader.uint32LittleEndian(),
    timestamp: reader.uint32LittleEndian(),
  };
}

/** Block 0 begins with the initiator's IANA enterprise number (3, LE). */
export interface BootMailboxBlock {
  block: number;
  data: Uint8Array;
}

export function encodeBootMailboxBlock({ block, data }: BootMailboxBlock): Buffer {
  return Buffer.concat([Buffer.of(block & 0xff), data.subarray(0, 16)]);
}

export function decodeBootMailboxBlock(data: Uint8Array): BootMailboxBlock {
  const reader = new ByteReader(data, 'boot initiator mailbox');
  const block = reader.byte();
  return { block, data: reader.bytes(Math.min(reader.remaining, 16)) };
}
