/**
 * The areas of one simulated BMC, each made when it is first needed: of a thousand BMCs that are only asked for their
 * power, none keeps sensors and users. Anything that may change something wakes them all, so that none misses it.
 */
import { privilegeLevel } from '../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler, PayloadHandler } from './area.ts';
import { areaMakers } from './areas/index.ts';
import { noFaults } from './faults.ts';

type Makers = typeof areaMakers;
type AreaName = keyof Makers;

/** By name; looking at one makes it. */
export type Areas = { readonly [Name in AreaName]: ReturnType<Makers[Name]> };

export interface AreaSet {
  readonly areas: Areas;
  command(number: number): CommandHandler | undefined;
  payload(type: number): PayloadHandler | undefined;
}

/** How commands are numbered here. */
export function commandNumber(network: number, command: number): number {
  return (network << 8) | command;
}

interface Directory {
  commands: ReadonlyMap<number, AreaName>;
  payloads: ReadonlyMap<number, AreaName>;
}

const names = Object.keys(areaMakers).filter((name): name is AreaName => Object.hasOwn(areaMakers, name));
let known: Directory | undefined;

export function createAreaSet(context: AreaContext): AreaSet {
  const { commands, payloads } = (known ??= readDirectory());
  const made = new Map<AreaName, Area>();
  const numbered = new Map<number, CommandHandler>();

  function area(name: AreaName): Area {
    const present = made.get(name);
    if (present !== undefined) return present;
    const fresh = areaMakers[name](context);
    made.set(name, fresh);
    for (const each of fresh.handlers) {
      const number = commandNumber(each.networkFunction, each.command);
      if (commands.get(number) === name) numbered.set(number, each);
    }
    return fresh;
  }

  function wake(): void {
    context.server.onPower.delete(wake);
    for (const name of names) area(name);
  }
  // Those that are woken by this hear of it themselves: a set visits what is added on the way.
  context.server.onPower.add(wake);

  const areas: object = Object.defineProperties(
    {},
    Object.fromEntries(names.map((name) => [name, { enumerable: true, get: () => area(name) }])),
  );
  return {
    // Every name has its getter, and each gives what its maker makes.
    areas: areas as Areas,
    command(number) {
      const name = commands.get(number);
      if (name === undefined) return undefined;
      area(name);
      const found = numbered.get(number);
      if (found !== undefined && found.privilege > privilegeLevel.user) wake();
      return found;
    },
    payload(type) {
      const name = payloads.get(type);
      return name === undefined ? undefined : area(name).payloads?.get(type);
    },
  };
}

/** Which area has which command, read once from areas that belong to no BMC. */
function readDirectory(): Directory {
  const context: AreaContext = {
    // Some day: events of its past have dates.
    clock: { now: () => Date.UTC(2026, 0), after: () => () => undefined },
    random: (length) => Buffer.alloc(length),
    server: { powerOn: false, onPower: new Set() },
    users: [],
    guid: Buffer.alloc(16),
    faults: noFaults(),
    reset: () => undefined,
  };
  const commands = new Map<number, AreaName>();
  const payloads = new Map<number, AreaName>();
  for (const name of names) {
    const { handlers, payloads: types = new Map<number, PayloadHandler>() }: Area = areaMakers[name](context);
    for (const each of handlers) commands.set(commandNumber(each.networkFunction, each.command), name);
    for (const type of types.keys()) payloads.set(type, name);
  }
  return { commands, payloads };
}
