/** Set and Get System Boot Options (IPMI v2.0 §28.12, §28.13); their parameters are in ../boot/. */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

export * from '../boot/flags.ts';
export * from '../boot/parameters.ts';

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

export interface GetBootOptionRequest {
  parameter: number;
  /** Which of several, for a parameter that has them: the block of the initiator mailbox. 0 when left out. */
  setSelector?: number;
  blockSelector?: number;
}

export const getSystemBootOptions: IpmiCommand<GetBootOptionRequest, BootOption> = {
  name: 'Get System Boot Options',
  networkFunction: networkFunction.chassis,
  command: 0x09,
  idempotent: true,
  completionCodes: { 0x80: 'Parameter not supported' },
  encodeRequest: ({ parameter, setSelector = 0, blockSelector = 0 }) =>
    Buffer.of(parameter & 0x7f, setSelector, blockSelector),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get System Boot Options request');
    return { parameter: reader.byte() & 0x7f, setSelector: reader.byte(), blockSelector: reader.byte() };
  },
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
