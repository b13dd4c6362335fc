import type { BmcResult, CallOptions } from '../result.ts';

/**
 * `default` removes an override: the firmware's own order holds. `bios` enters the firmware's setup, `safe` boots the disk
 * in safe mode, `diagnostic` the diagnostic partition; `remote-…` are media that the BMC itself presents.
 */
export type BootDevice =
  | 'pxe'
  | 'disk'
  | 'cdrom'
  | 'bios'
  | 'safe'
  | 'diagnostic'
  | 'floppy'
  | 'remote-floppy'
  | 'remote-cdrom'
  | 'remote-media'
  | 'remote-disk'
  | 'default';

export const bootDevices: readonly BootDevice[] = [
  'pxe',
  'disk',
  'cdrom',
  'bios',
  'safe',
  'diagnostic',
  'floppy',
  'remote-floppy',
  'remote-cdrom',
  'remote-media',
  'remote-disk',
  'default',
];

export interface BootOverride {
  device: BootDevice;
  /** For the next boot only; false keeps it until it is changed. */
  once: boolean;
  /** How that boot starts. Left out: as the BMC decides when it is not told (IPMI: BIOS). */
  firmware?: 'bios' | 'uefi';
  /** More wishes for that boot; each false when left out. Few firmwares honour any. */
  wishes?: Partial<BootWishes>;
}

/** What may be wished of a boot beside its device. */
export interface BootWishes {
  clearCmos: boolean;
  lockKeyboard: boolean;
  screenBlank: boolean;
  lockOutResetButton: boolean;
  lockOutPowerButton: boolean;
  lockOutSleepButton: boolean;
  bypassUserPassword: boolean;
  forceProgressTraps: boolean;
  quiet: boolean;
  verbose: boolean;
  /** Redirect the console to the serial port whatever the firmware's setup says. */
  consoleRedirection: boolean;
  /** The firmware is not to redirect the console. */
  noConsoleRedirection: boolean;
}

export interface BootOverrideSet {
  requested: BootOverride;
  /**
   * What the BMC says it holds afterwards; undefined when it does not say. It may disagree with `requested` although
   * the request was accepted: many BMCs read this back wrongly, so only what boots is proof.
   */
  readBack: BootOverrideReading | undefined;
  readBackAgrees: boolean;
}

export interface BootOverrideReading {
  /** False: the BMC says that it holds no override, whatever else it says. */
  active: boolean;
  /** The BMC's word where it is none of ours, e.g. `floppy`. */
  device: string;
  once: boolean;
  firmware: 'bios' | 'uefi';
}

/** One thing the BMC keeps about the next boot. */
export interface BootOption {
  parameter: number;
  name: string;
  /** The BMC's bytes, in hex. */
  raw: string;
  /** Whether the BMC marks it invalid or locked. */
  markedInvalid: boolean;
  /** What the bytes say, field by field; empty where they cannot be read. */
  fields: Record<string, string | number | boolean>;
}

export interface BootDeviceCapability {
  get(options?: CallOptions): Promise<BmcResult<BootOverrideReading>>;
  /** Takes effect when the machine next boots; some BMCs drop it after 60 s, so boot soon. */
  set(override: BootOverride, options?: CallOptions): Promise<BmcResult<BootOverrideSet>>;
  /** Everything the BMC is ready to say about the next boot; what it does not keep is left out. */
  listOptions(options?: CallOptions): Promise<BmcResult<BootOption[]>>;
}
