/**
 * What the ramdisk says and is told (docs/reference/ramdisk-protocol.md). Everything that comes from a booting machine
 * is parsed here, bounded in size, before anything believes it.
 */
import { z } from 'zod';

const shortText = z.string().max(256);
const macAddress = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i)
  .transform((mac) => mac.toLowerCase());
const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const exchangeRequest = z.object({ ticket: z.string().min(16).max(256), mac: macAddress });

export const diskReport = z.object({
  name: shortText,
  sizeBytes: z.number().int().nonnegative(),
  model: shortText.default(''),
  serial: shortText.default(''),
  rotational: z.boolean().default(false),
  transport: shortText.default(''),
});

export const nicReport = z.object({
  name: shortText,
  mac: macAddress,
  driver: shortText.default(''),
  link: z.boolean().default(false),
  speedMbps: z.number().int().default(0),
});

/** One machine's hardware as the ramdisk saw it. */
export const inventoryReport = z.object({
  uuid: shortText.default(''),
  serial: shortText.default(''),
  vendor: shortText.default(''),
  product: shortText.default(''),
  board: shortText.default(''),
  firmware: z.enum(['bios', 'uefi']),
  biosVersion: shortText.default(''),
  cpus: z.object({ count: z.number().int().nonnegative(), model: shortText.default('') }),
  memoryBytes: z.number().int().nonnegative(),
  disks: z.array(diskReport).max(512),
  nics: z.array(nicReport).max(128),
});

export const progressReport = z.object({
  task: z.literal('write-image'),
  phase: z.enum(['writing', 'syncing', 'reading-back', 'fetching-again']),
  bytes: z.number().int().nonnegative(),
  bytesTotal: z.number().int().nonnegative(),
});

export const completionReport = z.object({
  task: z.literal('write-image'),
  /** Of what the disk gives back: it proves the download and the disk together. */
  sha256ReadBack: digest,
  bytes: z.number().int().nonnegative(),
  disk: shortText,
  diskSerial: shortText.default(''),
});

export const failureReport = z.object({
  task: shortText,
  step: shortText,
  code: shortText,
  message: z.string().max(2048),
});

export type InventoryReport = z.infer<typeof inventoryReport>;
export type ProgressReport = z.infer<typeof progressReport>;
export type CompletionReport = z.infer<typeof completionReport>;
export type FailureReport = z.infer<typeof failureReport>;

/** What a ramdisk is told to do. */
export type RamdiskTask =
  | { task: 'wait' }
  | { task: 'power-off' }
  | { task: 'reboot' }
  | { task: 'write-image'; image: string; path: string; sizeBytes: number; sha256: string; disk: string };

/** What a ramdisk does once a task ended. */
export interface RamdiskNext {
  next: 'reboot' | 'power-off' | 'wait';
}
