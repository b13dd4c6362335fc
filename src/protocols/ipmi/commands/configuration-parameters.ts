/**
 * Set and Get Configuration Parameters of LAN (IPMI v2.0 §23.1, §23.2), serial/modem (§25.1, §25.2) and serial over LAN
 * (§26.2, §26.3): one format for the three.
 *
 * | request | bytes                                                                        |
 * | ------- | ---------------------------------------------------------------------------- |
 * | set     | channel, parameter, data                                                     |
 * | get     | 0x80 revision only \| channel, parameter, set selector, block selector       |
 * | answer  | parameter revision, data (none when only the revision was asked for)         |
 */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

export interface SetParameterRequest {
  channel: number;
  parameter: number;
  data: Uint8Array;
}

export interface GetParameterRequest {
  channel: number;
  revisionOnly: boolean;
  parameter: number;
  set: number;
  block: number;
}

export interface ParameterResponse {
  revision: number;
  data: Uint8Array;
}

export type SetParameterCommand = IpmiCommand<SetParameterRequest, NoData>;
export type GetParameterCommand = IpmiCommand<GetParameterRequest, ParameterResponse>;

/** The completion codes that the three pairs of commands share. */
export const parameterRefusal = {
  notSupported: 0x80,
  alreadyInProgress: 0x81,
  readOnly: 0x82,
  writeOnly: 0x83,
} as const;

function setCommand(name: string, command: number): SetParameterCommand {
  return {
    name,
    networkFunction: networkFunction.transport,
    command,
    idempotent: true,
    completionCodes: {
      0x80: 'Parameter not supported',
      0x81: "Attempt to set the 'set in progress' value when not in the 'set complete' state",
      0x82: 'Attempt to write read-only parameter',
      0x83: 'Attempt to read write-only parameter',
    },
    encodeRequest: ({ channel, parameter, data }) => Buffer.concat([Buffer.of(channel & 0x0f, parameter), data]),
    decodeRequest(bytes) {
      const reader = new ByteReader(bytes, `${name} request`);
      return { channel: reader.byte() & 0x0f, parameter: reader.byte(), data: reader.rest() };
    },
    ...noResponseData,
  };
}

function getCommand(name: string, command: number): GetParameterCommand {
  return {
    name,
    networkFunction: networkFunction.transport,
    command,
    idempotent: true,
    completionCodes: { 0x80: 'Parameter not supported', 0x83: 'Attempt to read write-only parameter' },
    encodeRequest: ({ channel, revisionOnly, parameter, set, block }) =>
      Buffer.of((revisionOnly ? 0x80 : 0) | (channel & 0x0f), parameter, set, block),
    decodeRequest(bytes) {
      const reader = new ByteReader(bytes, `${name} request`);
      const first = reader.byte();
      const [parameter, set, block] = [reader.byte(), reader.byte(), reader.byte()];
      return { channel: first & 0x0f, revisionOnly: (first & 0x80) !== 0, parameter, set, block };
    },
    encodeResponse: ({ revision, data }) => Buffer.concat([Buffer.of(revision), data]),
    decodeResponse(bytes) {
      const reader = new ByteReader(bytes, `${name} response`);
      return { revision: reader.byte(), data: reader.rest() };
    },
  };
}

export const setLanConfigurationParameters = setCommand('Set LAN Configuration Parameters', 0x01);
export const getLanConfigurationParameters = getCommand('Get LAN Configuration Parameters', 0x02);
export const setSerialConfiguration = setCommand('Set Serial/Modem Configuration', 0x10);
export const getSerialConfiguration = getCommand('Get Serial/Modem Configuration', 0x11);
export const setSolConfigurationParameters = setCommand('Set SOL Configuration Parameters', 0x21);
export const getSolConfigurationParameters = getCommand('Get SOL Configuration Parameters', 0x22);

export type { Field, FieldKind, Parameter, ParameterValue } from '../parameters/fields.ts';
export { formatIpv6, parseIpv4, parseIpv6, parseMac } from '../parameters/ip-address.ts';
export type { CipherSuitePrivilege } from '../parameters/lan-parameters.ts';
export { lanParameters } from '../parameters/lan-parameters.ts';
export { serialParameters } from '../parameters/serial-parameters.ts';
export type { AuthenticationTypes, PrivilegeName } from '../parameters/shared-parameters.ts';
export { authenticationTypeNames, privilegeNames } from '../parameters/shared-parameters.ts';
export { solParameters } from '../parameters/sol-parameters.ts';
