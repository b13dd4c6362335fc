/**
 * Boot flags: parameter 5 of the System Boot Options (IPMI v2.0 §28.12, Table 28-14).
 *
 * | byte | bits                                                                                                         |
 * | ---- | ------------------------------------------------------------------------------------------------------------ |
 * | 1    | 7 valid, 6 persistent, 5 EFI                                                                                 |
 * | 2    | 7 clear CMOS, 6 lock keyboard, 5:2 device, 1 screen blank, 0 lock out reset buttons                          |
 * | 3    | 7 lock out power button, 6:5 verbosity, 4 force progress traps, 3 bypass user password, 2 lock out sleep button, 1:0 console redirection |
 * | 4    | 3 shared mode override, 2:0 multiplexer override                                                             |
 * | 5    | 4:0 device instance                                                                                          |
 */
import { ByteReader } from '../byte-reader.ts';

/** The boot device selectors of data 2, bits 5:2. */
export const bootDeviceSelectors = {
  none: 0x0,
  pxe: 0x1,
  disk: 0x2,
  'disk-safe-mode': 0x3,
  diagnostic: 0x4,
  cdrom: 0x5,
  'bios-setup': 0x6,
  'remote-floppy': 0x7,
  'remote-cdrom': 0x8,
  'remote-primary-media': 0x9,
  'remote-disk': 0xb,
  floppy: 0xf,
} as const;

export type BootDeviceSelector = keyof typeof bootDeviceSelectors;

export const bootVerbosities = ['default', 'quiet', 'verbose', 'reserved'] as const;
export const consoleRedirections = ['bios-setting', 'suppressed', 'enabled', 'reserved'] as const;
export const multiplexerOverrides = ['recommended', 'to-bmc', 'to-system'] as const;

/** What parameter 5 says beside validity, lifetime, boot type and device. */
export interface BootFlagDetails {
  clearCmos: boolean;
  lockKeyboard: boolean;
  screenBlank: boolean;
  lockOutResetButton: boolean;
  lockOutPowerButton: boolean;
  lockOutSleepButton: boolean;
  verbosity: (typeof bootVerbosities)[number];
  forceProgressTraps: boolean;
  bypassUserPassword: boolean;
  consoleRedirection: (typeof consoleRedirections)[number];
  sharedModeOverride: boolean;
  /** A number where the specification reserves it. */
  multiplexerOverride: (typeof multiplexerOverrides)[number] | number;
  /** 0: no particular one. Bit 4 set: an internal device; clear: an external one. */
  deviceInstance: number;
}

export interface BootFlags extends Partial<BootFlagDetails> {
  valid: boolean;
  persistent: boolean;
  efi: boolean;
  /** A number where the specification reserves the selector. */
  device: BootDeviceSelector | number;
}

/** What the flags of a boot without any wish say. */
export const plainBootFlagDetails: BootFlagDetails = {
  clearCmos: false,
  lockKeyboard: false,
  screenBlank: false,
  lockOutResetButton: false,
  lockOutPowerButton: false,
  lockOutSleepButton: false,
  verbosity: 'default',
  forceProgressTraps: false,
  bypassUserPassword: false,
  consoleRedirection: 'bios-setting',
  sharedModeOverride: false,
  multiplexerOverride: 'recommended',
  deviceInstance: 0,
};

export function encodeBootFlags(given: BootFlags): Buffer {
  const flags = { ...plainBootFlagDetails, ...given };
  const selector = typeof flags.device === 'number' ? flags.device : bootDeviceSelectors[flags.device];
  const override = flags.multiplexerOverride;
  const multiplexer = typeof override === 'number' ? override : multiplexerOverrides.indexOf(override);
  return Buffer.of(
    bit(flags.valid, 7) | bit(flags.persistent, 6) | bit(flags.efi, 5),
    bit(flags.clearCmos, 7) |
      bit(flags.lockKeyboard, 6) |
      ((selector & 0x0f) << 2) |
      bit(flags.screenBlank, 1) |
      bit(flags.lockOutResetButton, 0),
    bit(flags.lockOutPowerButton, 7) |
      (bootVerbosities.indexOf(flags.verbosity) << 5) |
      bit(flags.forceProgressTraps, 4) |
      bit(flags.bypassUserPassword, 3) |
      bit(flags.lockOutSleepButton, 2) |
      consoleRedirections.indexOf(flags.consoleRedirection),
    bit(flags.sharedModeOverride, 3) | (multiplexer & 0x07),
    flags.deviceInstance & 0x1f,
  );
}

/** Bytes 3 to 5 may be missing: some BMCs answer with two. */
export function decodeBootFlags(data: Uint8Array): BootFlags & BootFlagDetails {
  const reader = new ByteReader(data, 'boot flags');
  const first = reader.byte();
  const second = reader.byte();
  const third = reader.remaining > 0 ? reader.byte() : 0;
  const fourth = reader.remaining > 0 ? reader.byte() : 0;
  const fifth = reader.remaining > 0 ? reader.byte() : 0;
  const selector = (second >> 2) & 0x0f;
  const name = Object.entries(bootDeviceSelectors).find(([, code]) => code === selector)?.[0];
  return {
    valid: isSet(first, 7),
    persistent: isSet(first, 6),
    efi: isSet(first, 5),
    device: isSelector(name) ? name : selector,
    clearCmos: isSet(second, 7),
    lockKeyboard: isSet(second, 6),
    screenBlank: isSet(second, 1),
    lockOutResetButton: isSet(second, 0),
    lockOutPowerButton: isSet(third, 7),
    verbosity: bootVerbosities[(third >> 5) & 0x03] ?? 'reserved',
    forceProgressTraps: isSet(third, 4),
    bypassUserPassword: isSet(third, 3),
    lockOutSleepButton: isSet(third, 2),
    consoleRedirection: consoleRedirections[third & 0x03] ?? 'reserved',
    sharedModeOverride: isSet(fourth, 3),
    multiplexerOverride: multiplexerOverrides[fourth & 0x07] ?? fourth & 0x07,
    deviceInstance: fifth & 0x1f,
  };
}

function isSelector(name: string | undefined): name is BootDeviceSelector {
  return name !== undefined && Object.hasOwn(bootDeviceSelectors, name);
}

function bit(value: boolean, position: number): number {
  return value ? 1 << position : 0;
}

function isSet(byte: number, position: number): boolean {
  return (byte & (1 << position)) !== 0;
}
