import type { BmcResult, CallOptions } from '../result.ts';

/** `default` removes an override: the firmware's own order holds. `bios` enters the firmware's setup. */
export type BootDevice = 'pxe' | 'disk' | 'cdrom' | 'bios' | 'default';

export const bootDevices: readonly BootDevice[] = ['pxe', 'disk', 'cdrom', 'bios', 'default'];

export interface BootOverride {
  device: BootDevice;
  /** For the next boot only; false keeps it until it is changed. */
  once: boolean;
  /** How that boot starts. Left out: as the BMC decides when it is not told (IPMI: BIOS). */
  firmware?: 'bios' | 'uefi';
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

export interface BootDeviceCapability {
  get(options?: CallOptions): Promise<BmcResult<BootOverrideReading>>;
  /** Takes effect when the machine next boots; some BMCs drop it after 60 s, so boot soon. */
  set(override: BootOverride, options?: CallOptions): Promise<BmcResult<BootOverrideSet>>;
}

export const bootDeviceMethods: Record<keyof BootDeviceCapability, true> = { get: true, set: true };
