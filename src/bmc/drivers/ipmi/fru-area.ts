/** Reads and writes a FRU's inventory area in pieces that its device can take (IPMI v2.0 §34). */
import { AthanorError } from '../../../errors/index.ts';
import type { FruAreaInfo, IpmiTarget } from '../../../protocols/ipmi/index.ts';
import { getFruInventoryAreaInfo, readFruData, writeFruData } from '../../../protocols/ipmi/index.ts';
import { sleep } from '../../ports.ts';
import type { Refusal } from './client.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

/** Where a FRU is: its device id, and the controller that has it. */
export interface FruPlace {
  device: number;
  target?: IpmiTarget;
}

const deviceBusy = 0x81;
/** Refusals that fewer bytes at a time may escape: request length, field length, cannot return so many, unspecified. */
const fewerMayHelp: ReadonlySet<number> = new Set([0xc7, 0xc8, 0xca, 0xff]);

/** As ipmitool: fits into every IPMB message. */
const firstReadBytes = 32;
const firstWriteBytes = 16;
const busyTries = 10;
const busyPauseMs = 100;

/** Undefined, with the reason, where there is no such FRU now. */
export async function readAreaInfo(
  context: IpmiContext,
  { device, target }: FruPlace,
  signal?: AbortSignal,
): Promise<FruAreaInfo | Refusal> {
  const reply = await context.client.ask(getFruInventoryAreaInfo, { device }, signal, target);
  return 'value' in reply ? reply.value : reply.refused;
}

export interface FruBytes {
  bytes: Buffer;
  /** Why it ends before `size`. */
  broken: Refusal | undefined;
}

/** The bytes from 0 to `size`, or as many as the device gives. */
export async function readFruBytes(
  context: IpmiContext,
  { device, target }: FruPlace,
  { sizeBytes, byWords }: FruAreaInfo,
  signal?: AbortSignal,
): Promise<FruBytes> {
  const unit = byWords ? 2 : 1;
  const pieces: Buffer[] = [];
  let offset = 0;
  let atOnce = firstReadBytes;
  let busy = 0;
  while (offset < sizeBytes) {
    const count = Math.ceil(Math.min(atOnce, sizeBytes - offset) / unit);
    const reply = await context.client.ask(readFruData, { device, offset: offset / unit, count }, signal, target);
    if ('refused' in reply) {
      const { completionCode } = reply.refused;
      if (completionCode === deviceBusy && busy < busyTries) {
        busy += 1;
        await sleep(context.clock, busyPauseMs, signal);
      } else if (fewerMayHelp.has(completionCode) && atOnce > unit) {
        atOnce = Math.max(unit, (atOnce >> 1) & ~(unit - 1));
      } else return { bytes: Buffer.concat(pieces), broken: reply.refused };
      continue;
    }
    busy = 0;
    // What the device says it gave, what it gave, and what was asked for differ on some BMCs: the least is sure.
    const given = Math.min(reply.value.data.length, count * unit, reply.value.count * unit || reply.value.data.length);
    const whole = given - (given % unit);
    if (whole === 0) return { bytes: Buffer.concat(pieces), broken: { completionCode: 0, text: 'an empty answer' } };
    pieces.push(Buffer.from(reply.value.data.subarray(0, whole)));
    offset += whole;
  }
  return { bytes: Buffer.concat(pieces).subarray(0, sizeBytes), broken: undefined };
}

/** Writes `bytes` at `offset`, which is even where the area is accessed by words; throws where the device refuses. */
export async function writeFruBytes(
  context: IpmiContext,
  { device, target }: FruPlace,
  { byWords }: FruAreaInfo,
  offset: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const unit = byWords ? 2 : 1;
  let written = 0;
  let atOnce = firstWriteBytes;
  let busy = 0;
  while (written < bytes.length) {
    const data = bytes.subarray(written, written + atOnce);
    const request = { device, offset: (offset + written) / unit, data };
    const reply = await context.client.ask(writeFruData, request, signal, target);
    if ('refused' in reply) {
      const { completionCode } = reply.refused;
      if (completionCode === deviceBusy && busy < busyTries) {
        busy += 1;
        await sleep(context.clock, busyPauseMs, signal);
      } else if (fewerMayHelp.has(completionCode) && atOnce > unit) {
        atOnce = Math.max(unit, (atOnce >> 1) & ~(unit - 1));
      } else throw refusedError(context.peer, writeFruData.name, reply.refused);
      continue;
    }
    busy = 0;
    const count = Math.min(reply.value.count * unit, data.length);
    if (count === 0) {
      throw new AthanorError('bmc-protocol', `BMC ${context.peer.name} accepts no byte of FRU ${device} at ${offset}`);
    }
    written += count;
  }
}
