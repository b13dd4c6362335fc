/**
 * Management controllers behind the BMC, reached by Send Message (IPMI v2.0 §22.7, §6.13): the request to them is inside
 * another request, once or twice. The BMC acknowledges, and passes on their answer in a message of its own.
 */
import type { DeviceId, LanRequest } from '../../protocols/ipmi/index.ts';
import {
  decodeLanRequest,
  encodeLanResponse,
  getDeviceId,
  networkFunction,
  privilegeLevel,
  remoteConsoleAddress,
} from '../../protocols/ipmi/index.ts';
import type { Asker, CommandHandler } from './area.ts';
import { handler } from './area.ts';
import type { CommandSet } from './command-set.ts';
import { createCommandSet } from './command-set.ts';

export const sendMessageCommand = 0x34;

export interface Satellite {
  /** The channel of the controller in front, 0 being the primary IPMB. */
  channel: number;
  address: number;
  deviceId: DeviceId;
  /** Beside Get Device ID. */
  handlers?: readonly CommandHandler[];
  /** Controllers that only this one reaches. */
  behind?: readonly Satellite[];
}

/** Response messages, in their order. */
export type BridgedAnswer = readonly Uint8Array[];

export interface Bridge {
  /** @param request a Send Message, from the remote console */
  pass(request: LanRequest, asker: Asker): BridgedAnswer;
}

const tracking = 0x40;
const trackingBits = 0xc0;
const parameterInvalid = 0xcc;
const requestLengthInvalid = 0xc7;
/** §22.7: NAK on write. Nobody is there. */
const nobodyThere = 0x83;

interface Controller {
  channel: number;
  address: number;
  commands: CommandSet;
  behind: Controller[];
}

export function createBridge(satellites: readonly Satellite[]): Bridge {
  const controllers = satellites.map(controllerOf);
  return { pass: (request, asker) => pass(controllers, request, asker) };
}

function controllerOf(satellite: Satellite): Controller {
  const { channel, address, deviceId, handlers = [], behind = [] } = satellite;
  const commands = createCommandSet([handler(getDeviceId, privilegeLevel.user, () => deviceId), ...handlers]);
  return { channel, address, commands, behind: behind.map(controllerOf) };
}

function pass(controllers: readonly Controller[], request: LanRequest, asker: Asker): BridgedAnswer {
  const acknowledge = (completionCode: number) => [answerTo(request, { completionCode, data: Buffer.alloc(0) })];
  const [channelByte] = request.data;
  if (channelByte === undefined) return acknowledge(requestLengthInvalid);
  // Without tracking the answer would wait in a queue that Get Message reads: nobody does that over LAN.
  if ((channelByte & trackingBits) !== tracking) return acknowledge(parameterInvalid);
  const inner = decodeLanRequest(request.data.subarray(1));
  const target = controllers.find(
    ({ channel, address }) => channel === (channelByte & 0x0f) && address === inner.responderAddress,
  );
  if (target === undefined) return acknowledge(nobodyThere);
  const { networkFunction: network, command, data, responderLun } = inner;
  const answers =
    network === networkFunction.application && command === sendMessageCommand
      ? pass(target.behind, inner, asker)
      : [answerTo(inner, target.commands.run(network, command, data, { ...asker, lun: responderLun }))];
  return [...acknowledge(0), ...answers];
}

/** As the remote console gets it: the BMC puts back the requester that it had put itself in the place of. */
function answerTo(request: LanRequest, answer: { completionCode: number; data: Uint8Array }): Uint8Array {
  return encodeLanResponse({ ...request, requesterAddress: remoteConsoleAddress, ...answer });
}

const nodeManager: DeviceId = {
  deviceId: 0x50,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  available: true,
  firmwareMajor: 4,
  firmwareMinor: 0x01,
  ipmiVersion: '2.0',
  additionalSupport: 0x21,
  manufacturerId: 0x0001_57,
  productId: 0x0b25,
  auxiliaryFirmware: Buffer.of(0x04, 0x02, 0x21, 0x00),
};

/** A node manager on the primary IPMB, and a module's controller that only it reaches. */
export const usualSatellites: readonly Satellite[] = [
  {
    channel: 0,
    address: 0x2c,
    deviceId: nodeManager,
    behind: [{ channel: 7, address: 0x72, deviceId: { ...nodeManager, deviceId: 0x12, productId: 0x0702 } }],
  },
];
