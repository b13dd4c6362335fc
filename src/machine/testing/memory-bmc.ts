/** BMCs in memory, for the logic of the steps alone; the drivers are tested against real BMCs in their own room. */
import { AthanorError } from '../../errors/index.ts';
import { type Bmc, type BmcHost, type BmcResult, createBmcHost } from '../../site/index.ts';

export interface MemoryBmc {
  readonly name: string;
  guid: string;
  power: 'on' | 'off';
  /** Nothing is answered any more. */
  deaf: boolean;
  /** What it was told to change, e.g. `power on`, `boot pxe uefi`. */
  readonly changes: string[];
  /** Changes that were begun when their step was told to stop. */
  readonly interrupted: string[];
  /** The machine behind it; a promise holds the BMC's answer back. */
  onPower: (power: 'on' | 'off') => void | Promise<void>;
}

export interface MemoryBmcs {
  readonly host: BmcHost;
  add(name: string, state: { guid: string; power?: 'on' | 'off' }): MemoryBmc;
}

const driver = 'ipmi';

async function answer<T>(bmc: MemoryBmc, what: string, value: () => T | Promise<T>): Promise<BmcResult<T>> {
  const evidence = [{ source: 'memory', detail: what, at: Date.now() }];
  if (bmc.deaf) {
    const error = new AthanorError('bmc-unreachable', `BMC ${bmc.name} does not answer`);
    return { outcome: 'failed', driver, error, evidence };
  }
  return { outcome: 'done', driver, value: await value(), evidence };
}

/** Capabilities that nothing here uses answer as those of a real `unmanaged` BMC: unsupported. */
function withMemory(base: Bmc, bmc: MemoryBmc): Bmc {
  const status = (): { state: 'on' | 'off'; faults: string[] } => ({ state: bmc.power, faults: [] });
  return {
    ...base,
    settings: { name: bmc.name, driver, address: '192.0.2.1' },
    power: {
      get: () => answer(bmc, 'power', status),
      set: (verb, { signal } = {}) =>
        answer(bmc, `power ${verb}`, async () => {
          bmc.changes.push(`power ${verb}`);
          signal?.addEventListener('abort', () => bmc.interrupted.push(`power ${verb}`), { once: true });
          const power = verb === 'off' || verb === 'soft' ? 'off' : 'on';
          if (power !== bmc.power) {
            bmc.power = power;
            await bmc.onPower(power);
          }
          return status();
        }),
    },
    bootDevice: {
      ...base.bootDevice,
      set: (requested) =>
        answer(bmc, `boot ${requested.device}`, () => {
          bmc.changes.push(`boot ${requested.device} ${requested.firmware ?? 'untold'}`);
          return { requested, readBack: undefined, readBackAgrees: false };
        }),
    },
    identity: {
      ...base.identity,
      deviceId: () =>
        answer(bmc, 'device id', () => ({
          deviceId: 0x20,
          deviceRevision: 1,
          firmwareVersion: '2.30',
          auxiliaryFirmware: '',
          protocolVersion: 'IPMI 2.0',
          manufacturerId: 0,
          productId: 0,
          available: true,
        })),
      guid: () => answer(bmc, 'guid', () => ({ raw: bmc.guid, candidates: [] })),
    },
  };
}

/** A real host over a network that is not there: an unmanaged BMC sends nothing until it is asked to wake somebody. */
export async function unmanagedHost(name: string): Promise<BmcHost> {
  const host = createBmcHost({
    udp: { open: () => Promise.reject(new Error('no packet is to be sent here')) },
    clock: { now: () => Date.now(), monotonic: () => performance.now(), after: () => () => undefined },
    randomBytes: (length) => new Uint8Array(length),
    refusedCredentials: { isRefused: () => Promise.resolve(false), remember: () => Promise.resolve() },
  });
  await host.declare([{ name, driver: 'unmanaged', address: '', macAddress: '52:54:00:00:00:01' }]);
  return host;
}

export async function createMemoryBmcs(): Promise<MemoryBmcs> {
  const base = (await unmanagedHost('base')).bmc('base');
  const bmcs = new Map<string, { state: MemoryBmc; bmc: Bmc }>();
  return {
    add: (name, { guid, power = 'off' }) => {
      const state: MemoryBmc = {
        name,
        guid,
        power,
        deaf: false,
        changes: [],
        interrupted: [],
        onPower: () => undefined,
      };
      bmcs.set(name, { state, bmc: withMemory(base, state) });
      return state;
    },
    host: {
      names: () => [...bmcs.keys()],
      bmc: (name) => {
        const found = bmcs.get(name);
        if (found === undefined) throw new AthanorError('not-found', `there is no BMC named ${name}`);
        return found.bmc;
      },
      declare: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  };
}
