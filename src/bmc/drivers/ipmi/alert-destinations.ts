/** Where alerts go: LAN configuration parameters 17, 18 and 19 (IPMI v2.0 §23.2, Table 23-4). */
import { isIPv4, isIPv6 } from 'node:net';
import { AthanorError } from '../../../errors/index.ts';
import {
  getChannelInfo,
  getLanConfigurationParameters,
  lanParameters,
  setLanConfigurationParameters,
} from '../../../protocols/ipmi/index.ts';
import type { AlertDestination, AlertDestinationChange } from '../../capabilities/alerting.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import type { ParameterPlace, ParameterWrite } from './parameter-access.ts';
import { checkWritten, requireParameter, writeOf, writeParameters } from './parameter-access.ts';
import { readBackAlerting } from './pef-access.ts';

/** The channel that the request came by. */
const thisChannel = 0x0e;
const noMac = '00:00:00:00:00:00';

export async function readAlertDestinations(
  context: IpmiContext,
  named: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<AlertDestination[]> {
  const place = await placeOf(context, named, note, signal);
  const { count } = await requireParameter(place, lanParameters.numberOfDestinations);
  note(getLanConfigurationParameters.name, `${count} alert destinations`);
  const all: AlertDestination[] = [];
  for (let number = 1; number <= count; number += 1) all.push(await readDestination(place, number));
  return all;
}

/** What is left out of it stays as it is. */
export async function writeAlertDestination(
  context: IpmiContext,
  number: number,
  wanted: AlertDestinationChange,
  note: Note,
  signal?: AbortSignal,
): Promise<AlertDestination> {
  const { channel, address, macAddress, ...settings } = wanted;
  const place = await placeOf(context, channel, note, signal);
  const { count } = await requireParameter(place, lanParameters.numberOfDestinations);
  if (number > count) {
    throw new AthanorError('invalid-input', `BMC ${context.peer.name} has ${count} alert destinations`, {
      field: 'number',
      value: String(number),
    });
  }
  const writes: ParameterWrite[] = [];
  if (Object.values(settings).some((value) => value !== undefined)) {
    const held = await requireParameter(place, lanParameters.destinationType, number);
    const value = {
      destination: number,
      type: settings.type ?? held.type,
      acknowledged: settings.acknowledged ?? held.acknowledged,
      timeoutSeconds: settings.timeoutSeconds ?? held.timeoutSeconds,
      retries: settings.retries ?? held.retries,
    };
    writes.push(writeOf(lanParameters.destinationType, value, { set: number }));
  }
  if (address !== undefined || macAddress !== undefined) {
    writes.push(await addressWrite(place, number, address, macAddress));
  }
  if (writes.length > 0) {
    await writeParameters(place, writes, false);
    return await readBackAlerting(context, async () => {
      await checkWritten(place, writes);
      return await readDestination(place, number);
    });
  }
  return await readDestination(place, number);
}

async function addressWrite(
  place: ParameterPlace,
  number: number,
  address: string | undefined,
  macAddress: string | undefined,
): Promise<ParameterWrite> {
  const refused = (field: string, value: string, why: string) =>
    new AthanorError('invalid-input', `${value} ${why}`, { field, value });
  if (macAddress !== undefined && !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(macAddress)) {
    throw refused('macAddress', macAddress, 'is no MAC address');
  }
  if (address !== undefined && isIPv6(address)) {
    if (macAddress !== undefined) throw refused('macAddress', macAddress, 'has no place beside an IPv6 address');
    const value = { destination: number, format: 'ipv6', address } as const;
    return writeOf(lanParameters.destinationIpv6Address, value, { set: number });
  }
  if (address !== undefined && !isIPv4(address)) {
    throw refused('address', address, 'is neither an IPv4 nor an IPv6 address');
  }
  const held = await requireParameter(place, lanParameters.destinationAddresses, number);
  if (held.format === 'ipv6' && address === undefined) {
    throw refused('macAddress', macAddress ?? '', 'has no place beside the IPv6 address of this destination');
  }
  const before = held.format === 'ipv6' ? { ...held, backupGateway: false, macAddress: noMac } : held;
  const value = {
    ...before,
    destination: number,
    format: 'ipv4',
    ...(address !== undefined && { address }),
    ...(macAddress !== undefined && { macAddress: macAddress.toLowerCase() }),
  } as const;
  return writeOf(lanParameters.destinationAddresses, value, { set: number });
}

async function readDestination(place: ParameterPlace, number: number): Promise<AlertDestination> {
  const held = await requireParameter(place, lanParameters.destinationType, number);
  const { type, acknowledged, timeoutSeconds, retries } = held;
  const { format, address, macAddress } = await requireParameter(place, lanParameters.destinationAddresses, number);
  const settings = { channel: place.channel, number, type: String(type), acknowledged, timeoutSeconds, retries };
  if (format !== 'ipv6') return { ...settings, address, macAddress };
  const long = await requireParameter(place, lanParameters.destinationIpv6Address, number);
  return { ...settings, address: long.address };
}

/** These parameters take no "this channel": its own number is asked for first. */
async function placeOf(
  context: IpmiContext,
  named: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<ParameterPlace> {
  const channel = named ?? (await context.client.run(getChannelInfo, { channel: thisChannel }, signal)).channel;
  return {
    context,
    get: getLanConfigurationParameters,
    set: setLanConfigurationParameters,
    channel,
    note,
    ...(signal !== undefined && { signal }),
  };
}
