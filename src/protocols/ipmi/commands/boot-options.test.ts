import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IpmiDecodeError } from '../decode-error.ts';
import {
  bootDeviceSelectors,
  bootVerbosities,
  consoleRedirections,
  decodeBootFlags,
  decodeBootFlagsKept,
  decodeBootInfoAcknowledge,
  decodeBootInfoAcknowledgeChange,
  decodeBootInitiatorInfo,
  decodeBootMailboxBlock,
  decodeBootSetInProgress,
  decodeServicePartitionScan,
  decodeServicePartitionSelector,
  encodeBootFlags,
  encodeBootFlagsKept,
  encodeBootInfoAcknowledge,
  encodeBootInitiatorInfo,
  encodeBootMailboxBlock,
  encodeBootSetInProgress,
  encodeServicePartitionScan,
  encodeServicePartitionSelector,
  getSystemBootOptions,
} from './boot-options.ts';

const byte = fc.integer({ min: 0, max: 0xff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const flag = fc.boolean();
const known: number[] = Object.values(bootDeviceSelectors);

const flags = fc.record({
  valid: flag,
  persistent: flag,
  efi: flag,
  device: fc.oneof(
    fc.constantFrom('none', 'pxe', 'disk', 'disk-safe-mode', 'diagnostic', 'cdrom', 'bios-setup', 'floppy'),
    fc.integer({ min: 0, max: 15 }).filter((selector) => !known.includes(selector)),
  ),
  clearCmos: flag,
  lockKeyboard: flag,
  screenBlank: flag,
  lockOutResetButton: flag,
  lockOutPowerButton: flag,
  lockOutSleepButton: flag,
  verbosity: fc.constantFrom(...bootVerbosities),
  forceProgressTraps: flag,
  bypassUserPassword: flag,
  consoleRedirection: fc.constantFrom(...consoleRedirections),
  sharedModeOverride: flag,
  multiplexerOverride: fc.oneof(fc.constantFrom('recommended', 'to-bmc', 'to-system'), fc.integer({ min: 3, max: 7 })),
  deviceInstance: fc.integer({ min: 0, max: 31 }),
});

const acknowledge = fc.record({
  bios: flag,
  osLoader: flag,
  osOrServicePartition: flag,
  managementSoftware: flag,
  oem: flag,
});

function same<Value>(
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
) {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual(value);
    }),
  );
}

describe('the parameters of System Boot Options', () => {
  it('come back as they were encoded', () => {
    same(flags, encodeBootFlags, decodeBootFlags);
    same(
      fc.constantFrom('set-complete', 'set-in-progress', 'commit-write', 'reserved'),
      encodeBootSetInProgress,
      decodeBootSetInProgress,
    );
    same(byte, encodeServicePartitionSelector, decodeServicePartitionSelector);
    same(
      fc.record({ scanRequested: flag, partitionFound: flag }),
      encodeServicePartitionScan,
      decodeServicePartitionScan,
    );
    same(
      fc.record({
        byPlatformEventFilter: flag,
        afterTimeout: flag,
        afterWatchdog: flag,
        byResetButton: flag,
        byPowerButton: flag,
      }),
      encodeBootFlagsKept,
      decodeBootFlagsKept,
    );
    same(acknowledge, encodeBootInfoAcknowledge, decodeBootInfoAcknowledge);
    same(
      fc.record({ bios: flag, oem: flag }, { requiredKeys: [] }),
      encodeBootInfoAcknowledge,
      decodeBootInfoAcknowledgeChange,
    );
    same(
      fc.record({ channel: fc.integer({ min: 0, max: 15 }), sessionId: uint32, timestamp: uint32 }),
      encodeBootInitiatorInfo,
      decodeBootInitiatorInfo,
    );
    same(
      fc.record({ block: byte, data: fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes)) }),
      encodeBootMailboxBlock,
      decodeBootMailboxBlock,
    );
    same(
      fc.record({ parameter: fc.integer({ min: 0, max: 127 }), setSelector: byte, blockSelector: byte }),
      getSystemBootOptions.encodeRequest,
      getSystemBootOptions.decodeRequest,
    );
  });

  it('refuse any bytes with an IpmiDecodeError at most', () => {
    const decoders = [
      decodeBootFlags,
      decodeBootFlagsKept,
      decodeBootInfoAcknowledge,
      decodeBootInfoAcknowledgeChange,
      decodeBootInitiatorInfo,
      decodeBootMailboxBlock,
      decodeBootSetInProgress,
      decodeServicePartitionScan,
      decodeServicePartitionSelector,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(IpmiDecodeError);
          }
        }
      }),
    );
  });

  it('are the bytes of the specification', () => {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    expect(hex(encodeBootFlags({ valid: true, persistent: false, efi: true, device: 'pxe' }))).toBe('a004000000');
    expect(hex(encodeBootFlags({ valid: true, persistent: true, efi: true, device: 'disk' }))).toBe('e008000000');
    expect(
      hex(encodeBootFlags({ valid: true, persistent: false, efi: false, device: 'bios-setup', clearCmos: true })),
    ).toBe('8098000000');
    expect(
      hex(
        encodeBootFlags({
          valid: true,
          persistent: false,
          efi: false,
          device: 'none',
          verbosity: 'verbose',
          consoleRedirection: 'enabled',
          lockOutPowerButton: true,
        }),
      ),
    ).toBe('8000c20000');
    expect(hex(encodeBootInfoAcknowledge({ bios: true, oem: false }))).toBe('1101');
  });
});
