/** Boot override over IPMI: System Boot Options, parameter 5 (IPMI v2.0 §28.12–28.13). */
import type { BootDeviceSelector, BootFlagDetails, BootFlags } from '../../../protocols/ipmi/index.ts';
import {
  bootParameter,
  decodeBootFlags,
  encodeBootFlags,
  encodeBootFlagsKept,
  getSystemBootOptions,
  IpmiDecodeError,
  setSystemBootOptions,
} from '../../../protocols/ipmi/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type {
  BootDevice,
  BootDeviceCapability,
  BootOverride,
  BootOverrideReading,
  BootOverrideSet,
  BootWishes,
} from '../../capabilities/boot-device.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { readBootOptions } from './boot-options.ts';
import type { IpmiContext } from './context.ts';
import { sendChange } from './send-change.ts';

const selectors: Record<BootDevice, BootDeviceSelector> = {
  pxe: 'pxe',
  disk: 'disk',
  cdrom: 'cdrom',
  bios: 'bios-setup',
  safe: 'disk-safe-mode',
  diagnostic: 'diagnostic',
  floppy: 'floppy',
  'remote-floppy': 'remote-floppy',
  'remote-cdrom': 'remote-cdrom',
  'remote-media': 'remote-primary-media',
  'remote-disk': 'remote-disk',
  default: 'none',
};

const keepAfterTimeout = {
  byPlatformEventFilter: false,
  afterTimeout: true,
  afterWatchdog: false,
  byResetButton: false,
  byPowerButton: false,
};

export function ipmiBootDevice(context: IpmiContext): BootDeviceCapability {
  const about = { driver: 'ipmi', capability: 'bootDevice', clock: context.clock } as const;
  return {
    get: (options = {}) => settle(about, (note) => readOverride(context, note, options.signal)),
    set: (override, options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => setOverride(context, override, note, options.signal), options.signal),
      ),
    listOptions: (options = {}) => settle(about, (note) => readBootOptions(context, note, options.signal)),
  };
}

async function readOverride(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<BootOverrideReading> {
  const request = { parameter: bootParameter.bootFlags };
  const option = await context.client.run(getSystemBootOptions, request, signal);
  const reading = toReading(decodeFlags(context, option.data));
  const once = reading.once ? 'once' : 'persistent';
  const text = reading.active ? `${reading.device}, ${once}, ${reading.firmware}` : 'no override';
  note(getSystemBootOptions.name, `parameter 5 reads ${Buffer.from(option.data).toString('hex')}: ${text}`);
  return reading;
}

async function setOverride(
  context: IpmiContext,
  override: BootOverride,
  note: Note,
  signal?: AbortSignal,
): Promise<BootOverrideSet> {
  // Optional by the specification, and OpenBMC refuses it: then the machine has to boot within 60 s.
  const keep = {
    parameter: bootParameter.bootFlagValidClearing,
    markInvalid: false,
    data: encodeBootFlagsKept(keepAfterTimeout),
  };
  const kept = await context.client.ask(setSystemBootOptions, keep, signal);
  if ('refused' in kept) {
    note(setSystemBootOptions.name, `parameter 3 (keep beyond 60 s) refused: ${kept.refused.text}; boot within 60 s`);
  }

  const flags: BootFlags = {
    valid: true,
    persistent: !override.once,
    efi: override.firmware === 'uefi',
    device: selectors[override.device],
    ...flagDetails(override.wishes ?? {}),
  };
  const data = encodeBootFlags(flags);
  const request = { parameter: bootParameter.bootFlags, markInvalid: false, data };
  const what = `the boot override for ${override.device}`;
  await sendChange(context, setSystemBootOptions, request, what, { signal });
  note(setSystemBootOptions.name, `parameter 5 set to ${data.toString('hex')}: accepted by the BMC`);

  const readBack = await readOverride(context, note, signal).catch((thrown: unknown) => {
    const why = thrown instanceof AthanorError ? thrown.message : String(thrown);
    note(getSystemBootOptions.name, `cannot be read back: ${why}`);
    return undefined;
  });
  const readBackAgrees = readBack !== undefined && agrees(readBack, toReading(flags));
  if (!readBackAgrees) {
    note(
      getSystemBootOptions.name,
      'the read-back does not agree and cannot be trusted: the override is proved by what boots',
    );
  }
  return { requested: override, readBack, readBackAgrees };
}

/** The wishes as the boot flags say them; the stronger of two that contradict each other. */
function flagDetails(wishes: Partial<BootWishes>): Partial<BootFlagDetails> {
  const { quiet, verbose, consoleRedirection, noConsoleRedirection, ...same } = wishes;
  return {
    ...same,
    ...(verbose === true ? { verbosity: 'verbose' } : quiet === true ? { verbosity: 'quiet' } : {}),
    ...(consoleRedirection === true
      ? { consoleRedirection: 'enabled' }
      : noConsoleRedirection === true
        ? { consoleRedirection: 'suppressed' }
        : {}),
  };
}

function decodeFlags(context: IpmiContext, data: Uint8Array): BootFlags {
  try {
    return decodeBootFlags(data);
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${context.peer.name}: ${error.message}`, { cause: error });
  }
}

function toReading(flags: BootFlags): BootOverrideReading {
  const ours = Object.entries(selectors).find(([, selector]) => selector === flags.device)?.[0];
  return {
    active: flags.valid && flags.device !== 'none',
    device: ours ?? (typeof flags.device === 'number' ? `selector ${flags.device}` : flags.device),
    once: !flags.persistent,
    firmware: flags.efi ? 'uefi' : 'bios',
  };
}

/** No override is the same as no override, whatever the other bits hold. */
function agrees(left: BootOverrideReading, right: BootOverrideReading): boolean {
  if (!left.active || !right.active) return left.active === right.active;
  return left.device === right.device && left.once === right.once && left.firmware === right.firmware;
}
