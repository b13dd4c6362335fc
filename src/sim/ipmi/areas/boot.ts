/** The system boot options of a simulated BMC: kept as they were written, and used up by the next start. */
import {
  bootParameter,
  encodeBootInitiatorInfo,
  getSystemBootOptions,
  privilegeLevel,
  setSystemBootOptions,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler } from '../area.ts';

const notSupported = { completionCode: 0x80 };
const inProgress = { completionCode: 0x81 };
const validBit = 0x80;
const persistentBit = 0x40;
const mailboxBlocks = 5;

export interface BootArea extends Area {
  /** The five bytes of the boot flags now. */
  flags(): Uint8Array;
}

export function createBootArea(context: AreaContext): BootArea {
  const values = new Map<number, Uint8Array>([
    [bootParameter.setInProgress, Buffer.of(0)],
    [bootParameter.servicePartitionSelector, Buffer.of(0)],
    [bootParameter.servicePartitionScan, Buffer.of(0)],
    [bootParameter.bootFlagValidClearing, Buffer.of(0)],
    [bootParameter.bootInfoAcknowledge, Buffer.of(0, 0)],
    [bootParameter.bootFlags, Buffer.alloc(5)],
    [bootParameter.bootInitiatorInfo, encodeBootInitiatorInfo({ channel: 1, sessionId: 0, timestamp: 0 })],
  ]);
  const invalid = new Set<number>();
  const mailbox = Array.from({ length: mailboxBlocks }, () => Buffer.alloc(16));
  const flags = () => Buffer.from(values.get(bootParameter.bootFlags) ?? Buffer.alloc(5));

  context.server.onPower.add((on) => {
    const now = flags();
    const first = now[0] ?? 0;
    if (!on || (first & validBit) === 0 || (first & persistentBit) !== 0) return;
    now[0] = first & ~validBit;
    values.set(bootParameter.bootFlags, now);
  });

  return {
    flags,
    handlers: [
      handler(setSystemBootOptions, privilegeLevel.operator, ({ parameter, markInvalid, data }) => {
        if (markInvalid) invalid.add(parameter);
        else invalid.delete(parameter);
        if (data.length === 0) return {};
        if (parameter === bootParameter.bootInitiatorMailbox) {
          const block = mailbox[data[0] ?? 0];
          if (block === undefined) return { completionCode: 0xc9 };
          block.set(data.subarray(1, 17));
          return {};
        }
        const before = values.get(parameter);
        if (before === undefined) return notSupported;
        if (parameter === bootParameter.setInProgress && data[0] === 1 && before[0] === 1) return inProgress;
        if (parameter === bootParameter.bootInfoAcknowledge) {
          const [mask = 0, bits = 0] = data;
          values.set(parameter, Buffer.of(0, ((before[1] ?? 0) & ~mask) | (bits & mask)));
        } else if (data.length === before.length) values.set(parameter, Buffer.from(data));
        else return { completionCode: 0xc7 };
        return {};
      }),
      handler(getSystemBootOptions, privilegeLevel.operator, ({ parameter, setSelector = 0 }) => {
        const block = mailbox[setSelector];
        const data =
          parameter === bootParameter.bootInitiatorMailbox && block !== undefined
            ? Buffer.concat([Buffer.of(setSelector), block])
            : values.get(parameter);
        if (data === undefined) return notSupported;
        return { parameterVersion: 1, parameter, markedInvalid: invalid.has(parameter), data };
      }),
    ],
  };
}
