/**
 * Set and Get System Boot Options (IPMI v2.0 §28.12, §28.13, parameters of Table 28-14).
 *
 * | parameter                   | bytes                                                                       |
 * | --------------------------- | --------------------------------------------------------------------------- |
 * | 3 boot flag valid clearing  | bits: conditions under which the BMC does not clear the valid bit           |
 * | 4 boot info acknowledge     | write mask, who has handled the boot info                                   |
 * | 5 boot flags                | valid 0x80 \| persistent 0x40 \| EFI 0x20, device << 2, 0, 0, 0             |
 */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

export const bootParameter = { bootFlagValidClearing: 3, bootInfoAcknowledge: 4, bootFlags: 5 } as const;

export interface SetBootOptionRequest {
  parameter: number;
  /** Marks the parameter invalid (locked) instead of valid. */
  markInvalid: boolean;
  data: Uint8Array;
}

/**
 * Setting the same flags again a moment later leaves the same flags, so it is idempotent as long as nothing boots in
 * between: the one lane of a BMC sees to that.
 */
export const setSystemBootOptions: IpmiCommand<SetBootOptionRequest, NoData> = {
  name: 'Set System Boot Options',
  networkFunction: networkFunction.chassis,
  command: 0x08,
  idempotent: true,
  completionCodes: {
    0x80: 'Parameter not supported',
    0x81: "Attempt to set the 'set in progress' value when not in the 'set complete' state",
    0x82: 'Attempt to write read-only parameter',
  },
  encodeRequest: (request) =>
    Buffer.concat([Buffer.of((request.markInvalid ? 0x80 : 0) | (request.parameter & 0x7f)), request.data]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set System Boot Options request');
    const first = reader.byte();
    return { parameter: first & 0x7f, markInvalid: (first & 0x80) !== 0, data: reader.rest() };
  },
  ...noResponseData,
};

export interface BootOption {
  parameterVersion: number;
  parameter: number;
  markedInvalid: boolean;
  data: Uint8Array;
}

export const getSystemBootOptions: IpmiCommand<{ parameter: number }, BootOption> = {
  name: 'Get System Boot Options',
  networkFunction: networkFunction.chassis,
  command: 0x09,
  idempotent: true,
  completionCodes: { 0x80: 'Parameter not supported' },
  encodeRequest: ({ parameter }) => Buffer.of(parameter & 0x7f, 0, 0),
  decodeRequest: (bytes) => ({ parameter: new ByteReader(bytes, 'Get System Boot Options request').byte() & 0x7f }),
  encodeResponse: (option) =>
    Buffer.concat([
      Buffer.of(option.parameterVersion & 0x0f, (option.markedInvalid ? 0x80 : 0) | (option.parameter & 0x7f)),
      option.data,
    ]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get System Boot Options response');
    const parameterVersion = reader.byte() & 0x0f;
    const second = reader.byte();
    return {
      parameterVersion,
      parameter: second & 0x7f,
      markedInvalid: (second & 0x80) !== 0,
      data: reader.rest(),
    };
  },
};

/** The boot device selectors of parameter 5, data 2, bits 5:2. */
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

/** The parts of parameter 5 that Athanor sets; what else a BMC holds there is not kept. */
export interface BootFlags {
  valid: boolean;
  persistent: boolean;
  efi: boolean;
  /** A number where the specification reserves the selector. */
  device: BootDeviceSelector | number;
}

export function encodeBootFlags(flags: BootFlags): Buffer {
  const selector = typeof flags.device === 'number' ? flags.device : bootDeviceSelectors[flags.device];
  const first = (flags.valid ? 0x80 : 0) | (flags.persistent ? 0x40 : 0) | (flags.efi ? 0x20 : 0);
  return Buffer.of(first, (selector & 0x0f) << 2, 0, 0, 0);
}

export function decodeBootFlags(data: Uint8Array): BootFlags {
  const reader = new ByteReader(data, 'boot flags');
  const first = reader.byte();
  const selector = (reader.byte() >> 2) & 0x0f;
  const name = Object.entries(bootDeviceSelectors).find(([, code]) => code === selector)?.[0];
  return {
    valid: (first & 0x80) !== 0,
    persistent: (first & 0x40) !== 0,
    efi: (first & 0x20) !== 0,
    device: isSelector(name) ? name : selector,
  };
}

function isSelector(name: string | undefined): name is BootDeviceSelector {
  return name !== undefined && Object.hasOwn(bootDeviceSelectors, name);
}
