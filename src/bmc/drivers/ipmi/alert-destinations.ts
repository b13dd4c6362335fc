/** Where alerts go: LAN configuration parameters 17, 18 and 19 (IPMI v2.0 §23.2, Table 23-4). */
import { AthanorError } from '../../../errors/index.ts';
import {
  getChannelInfo,
  getLanConfigurationParameters,
  IpmiDecodeError,
  lanParameters,
} from '../../../protocols/ipmi/index.ts';
import type { AlertDestination } from '../../capabilities/alerting.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';

/** The channel that the request came by. */
const thisChannel = 0x0e;

interface Codec<Value> {
  readonly selector: number;
  readonly name: string;
  decode(bytes: Uint8Array): Value;
}

export async function readAlertDestinations(
  context: IpmiContext,
  named: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<AlertDestination[]> {
  // These parameters take no "this channel": its own number is asked for first.
  const channel = named ?? (await context.client.run(getChannelInfo, { channel: thisChannel }, signal)).channel;
  const read = async <Value>(parameter: Codec<Value>, set = 0): Promise<Value> => {
    const request = {
      channel,
      revisionOnly: false,
      parameter: parameter.selector,
      set,
      block: 0,
    };
    const { data } = await context.client.run(getLanConfigurationParameters, request, signal);
    try {
      return parameter.decode(data);
    } catch (error) {
      if (!(error instanceof IpmiDecodeError)) throw error;
      throw new AthanorError('bmc-protocol', `BMC ${context.peer.name}: ${error.message}`, { cause: error });
    }
  };
  const { count } = await read(lanParameters.numberOfDestinations);
  note(getLanConfigurationParameters.name, `${count} alert destinations`);
  const all: AlertDestination[] = [];
  for (let number = 1; number <= count; number += 1) {
    const { type, acknowledged, timeoutSeconds, retries } = await read(lanParameters.destinationType, number);
    const { format, address, macAddress } = await read(lanParameters.destinationAddresses, number);
    const settings = {
      channel,
      number,
      type: String(type),
      acknowledged,
      timeoutSeconds,
      retries,
    };
    if (format === 'ipv6') {
      all.push({ ...settings, address: (await read(lanParameters.destinationIpv6Address, number)).address });
    } else {
      all.push({ ...settings, address, macAddress });
    }
  }
  return all;
}
