/** Capabilities that are made, and their code loaded, when they are needed. */
import type { Capabilities } from './contract.ts';
import { capabilityMethods } from './contract.ts';
import type { CapabilityName, DriverName } from './names.ts';
import type { Unsupported } from './result.ts';

export type MakeCapability = <Name extends CapabilityName>(name: Name) => Capabilities[Name];

/** A whole set of capabilities, each made when it is first looked at: of thousands of BMCs, each is mostly asked for one. */
export class CapabilitiesOnDemand implements Capabilities {
  readonly #make: MakeCapability;
  readonly #made: Partial<Capabilities> = {};

  constructor(make: MakeCapability) {
    this.#make = make;
  }

  get power() {
    return this.#of('power');
  }
  get bootDevice() {
    return this.#of('bootDevice');
  }
  get identity() {
    return this.#of('identity');
  }
  get identifyLed() {
    return this.#of('identifyLed');
  }
  get sensors() {
    return this.#of('sensors');
  }
  get systemEventLog() {
    return this.#of('systemEventLog');
  }
  get fru() {
    return this.#of('fru');
  }
  get users() {
    return this.#of('users');
  }
  get channels() {
    return this.#of('channels');
  }
  get lan() {
    return this.#of('lan');
  }
  get console() {
    return this.#of('console');
  }
  get serialPort() {
    return this.#of('serialPort');
  }
  get virtualMedia() {
    return this.#of('virtualMedia');
  }
  get firmware() {
    return this.#of('firmware');
  }
  get biosSettings() {
    return this.#of('biosSettings');
  }
  get bmcReset() {
    return this.#of('bmcReset');
  }
  get raw() {
    return this.#of('raw');
  }
  get alerting() {
    return this.#of('alerting');
  }
  get chassis() {
    return this.#of('chassis');
  }
  get connection() {
    return this.#of('connection');
  }
  get dataCentre() {
    return this.#of('dataCentre');
  }
  get fans() {
    return this.#of('fans');
  }
  get watchdog() {
    return this.#of('watchdog');
  }

  #of<Name extends CapabilityName>(name: Name): Capabilities[Name] {
    const known: Capabilities[Name] | undefined = this.#made[name];
    if (known !== undefined) return known;
    const made = this.#make(name);
    this.#made[name] = made;
    return made;
  }
}

/** A whole set of capabilities of which every method answers `unsupported`. */
export function unsupportedCapabilities(driver: DriverName, reason: string): Capabilities {
  return new CapabilitiesOnDemand((name) => unsupportedCapability(driver, name, reason));
}

/** One capability of which every method answers `unsupported`. */
export function unsupportedCapability<Name extends CapabilityName>(
  driver: DriverName,
  capability: Name,
  reason: string,
): Capabilities[Name] {
  const answer: Unsupported = { outcome: 'unsupported', driver, capability, reason };
  return withAllMethods(capability, () => () => Promise.resolve(answer));
}

/** One capability whose code is loaded when one of its methods is first called. */
export function loadedWhenCalled<Name extends CapabilityName>(
  capability: Name,
  load: () => Promise<Capabilities[Name]>,
): Capabilities[Name] {
  let loaded: Promise<Capabilities[Name]> | undefined;
  return withAllMethods(capability, (method) => async (...given) => {
    const implementation = await (loaded ??= load());
    const call: unknown = implementation[method];
    if (typeof call !== 'function') throw new TypeError(`${capability} has no ${String(method)}`);
    return Reflect.apply(call, implementation, given);
  });
}

function withAllMethods<Name extends CapabilityName>(
  capability: Name,
  make: (method: keyof Capabilities[Name]) => (...given: unknown[]) => Promise<unknown>,
): Capabilities[Name] {
  const methods = Object.keys(capabilityMethods[capability]) as (keyof Capabilities[Name])[];
  // Sound because capabilityMethods lists every method, each of which answers with the promise of a result.
  return Object.fromEntries(methods.map((method) => [method, make(method)])) as unknown as Capabilities[Name];
}
