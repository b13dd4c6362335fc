/**
 * Messages to a controller behind the BMC, or behind a controller behind it (IPMI v2.0 §6.13.4 "Bridged Request"): the
 * request is wrapped in one or two Send Message commands. Every level carries the same rqSeq.
 *
 * | hops | what goes to the BMC                                                             |
 * | ---- | -------------------------------------------------------------------------------- |
 * | 0    | request                                                                          |
 * | 1    | Send Message (channel, request to the controller)                                |
 * | 2    | Send Message (channel, Send Message to the first controller (channel, request))  |
 *
 * The answer comes inside the answer to Send Message, or as a message of its own after it.
 */
import { sendMessage } from './commands/send-message.ts';
import type { LanDecoding, LanRequest, LanResponse } from './lan-message.ts';
import { bmcAddress, decodeLanResponse, encodeLanRequest, remoteConsoleAddress } from './lan-message.ts';

/** Where a command is for; the BMC itself, LUN 0, when empty. */
export interface IpmiTarget {
  lun?: number;
  /** The controllers on the way, the addressed one last: at most two. Addresses as 8-bit slave addresses. */
  through?: readonly BridgeHop[];
}

export interface BridgeHop {
  channel: number;
  address: number;
}

export interface AddressedRequest {
  networkFunction: number;
  command: number;
  sequence: number;
  data: Uint8Array;
  target?: IpmiTarget;
}

export const maximumHops = 2;

export interface BridgedResponse {
  response: LanResponse;
  /** The answer of a Send Message on the way that was refused, not that of the controller. */
  refusedOnTheWay: boolean;
}

/** Throws a RangeError for more hops than two. */
export function encodeAddressedRequest(request: AddressedRequest): Buffer {
  const { target = {}, networkFunction, command, sequence, data } = request;
  const hops = target.through ?? [];
  if (hops.length > maximumHops) throw new RangeError('a message is bridged at most twice');
  let message: Omit<LanRequest, 'responderAddress' | 'requesterAddress'> = {
    networkFunction,
    command,
    sequence,
    data,
    responderLun: target.lun ?? 0,
    requesterLun: 0,
  };
  for (const { channel, address } of hops.toReversed()) {
    // On the other bus it is the bridge that asks, by its own address.
    const inner = encodeLanRequest({ ...message, responderAddress: address, requesterAddress: bmcAddress });
    message = {
      networkFunction: sendMessage.networkFunction,
      command: sendMessage.command,
      sequence,
      data: sendMessage.encodeRequest({ channel, track: true, message: inner }),
      responderLun: 0,
      requesterLun: 0,
    };
  }
  return encodeLanRequest({ ...message, responderAddress: bmcAddress, requesterAddress: remoteConsoleAddress });
}

/**
 * What this message says to the request: its answer; undefined for an answer to something else, or for one that only
 * confirms that the request was passed on. Throws IpmiDecodeError for a message that cannot be read.
 */
export function readAddressedResponse(
  message: Uint8Array,
  request: AddressedRequest,
  decoding: LanDecoding = {},
): BridgedResponse | undefined {
  const levels = (request.target?.through ?? []).length;
  let bytes = message;
  for (let depth = 0; depth <= levels; depth += 1) {
    const response = decodeLanResponse(bytes, decoding);
    if (response.sequence !== request.sequence) return undefined;
    const isFinal = response.networkFunction === request.networkFunction && response.command === request.command;
    const isPassedOn =
      levels > 0 &&
      response.networkFunction === sendMessage.networkFunction &&
      response.command === sendMessage.command;
    if (isFinal && !(isPassedOn && depth < levels)) return { response, refusedOnTheWay: false };
    if (!isPassedOn) return undefined;
    if (response.completionCode !== 0) return { response, refusedOnTheWay: true };
    if (response.data.length === 0) return undefined;
    bytes = response.data;
  }
  return undefined;
}
