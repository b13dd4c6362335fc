/**
 * The watchdog timer (IPMI v2.0 §27). Counts are in steps of 100 ms.
 *
 * | bytes | timer                                                                                     |
 * | ----- | ----------------------------------------------------------------------------------------- |
 * | 1     | 7 do not log, 6 set: do not stop the timer / get: it runs, 2:0 use                         |
 * | 2     | 6:4 pre-timeout interrupt, 2:0 action                                                      |
 * | 3     | pre-timeout interval in seconds                                                           |
 * | 4     | expired uses: 1 BIOS FRB2, 2 BIOS/POST, 3 OS load, 4 SMS/OS, 5 OEM; set: those to clear     |
 * | 5–6   | initial countdown (LE); get: 7–8 present countdown                                         |
 */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export const watchdogUses = ['reserved', 'bios-frb2', 'bios-post', 'os-load', 'sms-os', 'oem'] as const;
export type WatchdogUse = (typeof watchdogUses)[number];
export const watchdogActions = ['none', 'hard-reset', 'power-down', 'power-cycle'] as const;
export type WatchdogAction = (typeof watchdogActions)[number];
export const watchdogPreTimeoutInterrupts = ['none', 'smi', 'nmi', 'messaging'] as const;
export type WatchdogPreTimeoutInterrupt = (typeof watchdogPreTimeoutInterrupts)[number];

interface Timer {
  dontLog: boolean;
  /** A number where the specification reserves it. */
  use: WatchdogUse | number;
  preTimeoutInterrupt: WatchdogPreTimeoutInterrupt | number;
  action: WatchdogAction | number;
  preTimeoutSeconds: number;
  /** Bits 1 to 5 by use. When set: those to clear. */
  expiredUses: number;
  initialCount: number;
}

export interface SetWatchdogTimerRequest extends Timer {
  /** False stops a running timer. */
  keepRunning: boolean;
}

export interface WatchdogTimerState extends Timer {
  running: boolean;
  presentCount: number;
}

function encode(timer: Timer, bit6: boolean): Buffer {
  const bytes = Buffer.alloc(6);
  bytes[0] = (timer.dontLog ? 0x80 : 0) | (bit6 ? 0x40 : 0) | code(watchdogUses, timer.use);
  bytes[1] = (code(watchdogPreTimeoutInterrupts, timer.preTimeoutInterrupt) << 4) | code(watchdogActions, timer.action);
  bytes[2] = timer.preTimeoutSeconds;
  bytes[3] = timer.expiredUses;
  bytes.writeUInt16LE(timer.initialCount, 4);
  return bytes;
}

function code(names: readonly string[], value: string | number): number {
  return (typeof value === 'number' ? value : names.indexOf(value)) & 0x07;
}

function decode(reader: ByteReader): Timer & { bit6: boolean } {
  const first = reader.byte();
  const second = reader.byte();
  return {
    dontLog: (first & 0x80) !== 0,
    bit6: (first & 0x40) !== 0,
    use: watchdogUses[first & 0x07] ?? first & 0x07,
    preTimeoutInterrupt: watchdogPreTimeoutInterrupts[(second >> 4) & 0x07] ?? (second >> 4) & 0x07,
    action: watchdogActions[second & 0x07] ?? second & 0x07,
    preTimeoutSeconds: reader.byte(),
    expiredUses: reader.byte(),
    initialCount: reader.uint16LittleEndian(),
  };
}

/** §27.5. Starts the countdown anew; twice is as once but for the moment between. */
export const resetWatchdogTimer: IpmiCommand<NoData, NoData> = {
  name: 'Reset Watchdog Timer',
  networkFunction: networkFunction.application,
  command: 0x22,
  idempotent: true,
  completionCodes: { 0x80: 'Attempt to start un-initialized watchdog' },
  ...noRequestData,
  ...noResponseData,
};

/** §27.6. */
export const setWatchdogTimer: IpmiCommand<SetWatchdogTimerRequest, NoData> = {
  name: 'Set Watchdog Timer',
  networkFunction: networkFunction.application,
  command: 0x24,
  idempotent: true,
  encodeRequest: (request) => encode(request, request.keepRunning),
  decodeRequest(bytes) {
    const { bit6, ...timer } = decode(new ByteReader(bytes, 'Set Watchdog Timer request'));
    return { ...timer, keepRunning: bit6 };
  },
  ...noResponseData,
};

/** §27.7. */
export const getWatchdogTimer: IpmiCommand<NoData, WatchdogTimerState> = {
  name: 'Get Watchdog Timer',
  networkFunction: networkFunction.application,
  command: 0x25,
  idempotent: true,
  ...noRequestData,
  encodeResponse(state) {
    const present = Buffer.alloc(2);
    present.writeUInt16LE(state.presentCount, 0);
    return Buffer.concat([encode(state, state.running), present]);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Watchdog Timer response');
    const { bit6, ...timer } = decode(reader);
    // ipmi_sim ends before the present countdown.
    return { ...timer, running: bit6, presentCount: reader.remaining >= 2 ? reader.uint16LittleEndian() : 0 };
  },
};
