/**
 * The `unmanaged` driver: a server without a BMC, or with one that is off limits. It can be woken by a magic packet,
 * and nothing can be read.
 */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import type { PowerCapability, PowerStatus } from '../../capabilities/power.ts';
import { CapabilitiesOnDemand, unsupportedCapabilities } from '../../capabilities-on-demand.ts';
import type { Capabilities } from '../../contract.ts';
import type { Driver, DriverParts } from '../../driver.ts';
import type { BmcSettings } from '../../settings.ts';
import { outcomeUnknown, settle } from '../../settle.ts';
import { magicPacket, parseMacAddress } from './magic-packet.ts';

/** "Discard": where Wake-on-LAN packets are customarily sent. */
const wakeOnLanPort = 9;

export const unmanagedDriver: Driver = { name: 'unmanaged', open: openUnmanaged };

function openUnmanaged(settings: BmcSettings, parts: DriverParts) {
  const reason = `${settings.name} is unmanaged: it can be woken over the network, nothing else`;
  const capabilities = unsupportedCapabilities('unmanaged', reason);
  const power: PowerCapability = { ...capabilities.power };
  const { macAddress } = settings;
  if (macAddress !== undefined) {
    const mac = parseMacAddress(macAddress);
    if (mac === undefined) {
      throw new AthanorError('invalid-configuration', `${settings.name}: macAddress is not a MAC address`, {
        field: 'macAddress',
        value: macAddress,
      });
    }
    const about = { driver: 'unmanaged', capability: 'power', clock: parts.dependencies.clock } as const;
    power.set = (verb, options = {}) => {
      if (verb !== 'on') return capabilities.power.set(verb, options);
      return settle(about, async (note): Promise<PowerStatus> => {
        const sentTo = await parts.lane.exchange(() => wake(settings, mac, parts, options.signal), options.signal);
        note('Wake-on-LAN', `magic packet for ${macAddress} sent to ${sentTo}`);
        throw outcomeUnknown(`${settings.name} was sent a magic packet; whether it wakes cannot be read back`);
      });
    };
  }
  const own: Partial<Capabilities> = { power };
  return {
    capabilities: new CapabilitiesOnDemand((name) => own[name] ?? capabilities[name]),
    close: () => Promise.resolve(),
  };
}

async function wake(settings: BmcSettings, mac: Buffer, parts: DriverParts, signal?: AbortSignal): Promise<string> {
  await parts.lane.beforeSending(signal);
  const address = settings.broadcastAddress ?? '255.255.255.255';
  const port = settings.port ?? wakeOnLanPort;
  try {
    const handlers = { onMessage: () => undefined, onError: () => undefined };
    const channel = await parts.dependencies.udp.open({ address, port, broadcast: true }, handlers);
    try {
      await channel.send(magicPacket(mac));
    } finally {
      channel.close();
    }
  } catch (thrown) {
    const cause = asAthanorError(thrown);
    throw new AthanorError('bmc-unreachable', `The magic packet could not be sent to ${address}: ${cause.message}`, {
      cause,
      remedy: 'Set broadcastAddress to the broadcast address of the network the machine is on.',
    });
  }
  return `${address} port ${port}`;
}
