/** Configuration parameters as a BMC keeps them: bytes by selector, with the set-in-progress protocol (IPMI v2.0 §23.1). */
import type {
  GetParameterCommand,
  GetParameterRequest,
  NoData,
  Parameter,
  ParameterResponse,
  SetParameterCommand,
} from '../../../protocols/ipmi/index.ts';
import { noData, parameterRefusal, privilegeLevel } from '../../../protocols/ipmi/index.ts';
import type { CommandHandler, Refused } from '../area.ts';
import { handler } from '../area.ts';

/** One stored value: of a parameter with a set selector there are several. */
export type StoredParameter = readonly [parameter: AnyParameter, bytes: Uint8Array];

type AnyParameter = Pick<Parameter<object>, 'selector' | 'access' | 'kinds' | 'name'>;

export interface ParameterStore {
  handlers: CommandHandler[];
  read(selector: number, set?: number, block?: number): Uint8Array | undefined;
  write(selector: number, bytes: Uint8Array, set?: number, block?: number): void;
  /** Selectors that this BMC does not know. */
  unknown: Set<number>;
  /** Acknowledged and not written. */
  ignored: Set<number>;
  /** Called after every write that was accepted. */
  onWrite: Set<(selector: number) => void>;
}

const revision = 0x11;
const setInProgress = 0;
const parameterOutOfRange = 0xc9;
const invalidField = 0xcc;
const lengthInvalid = 0xc7;

export function createParameterStore(
  commands: { get: GetParameterCommand; set: SetParameterCommand },
  channel: number,
  content: readonly StoredParameter[],
): ParameterStore {
  const values = new Map(content.map(([parameter, bytes]) => [keyOf(parameter, bytes), Buffer.from(bytes)]));
  const known = new Map(content.map(([parameter]) => [parameter.selector, parameter]));
  values.set(key(setInProgress), Buffer.of(0));

  function get(request: GetParameterRequest): ParameterResponse | Refused {
    if (request.channel !== channel) return { completionCode: invalidField };
    if (request.revisionOnly) return { revision, data: Buffer.alloc(0) };
    const { parameter: selector, set, block } = request;
    if (store.unknown.has(selector)) return { completionCode: parameterRefusal.notSupported };
    const parameter = known.get(selector);
    if (parameter?.access === 'write-only') return { completionCode: parameterRefusal.writeOnly };
    const data = store.read(selector, parameter === undefined || !hasSets(parameter) ? 0 : set, block);
    if (data !== undefined) return { revision, data };
    return { completionCode: parameter === undefined ? parameterRefusal.notSupported : parameterOutOfRange };
  }

  function set(request: { channel: number; parameter: number; data: Uint8Array }): NoData | Refused {
    if (request.channel !== channel) return { completionCode: invalidField };
    const { parameter: selector, data } = request;
    if (store.unknown.has(selector)) return { completionCode: parameterRefusal.notSupported };
    if (selector === setInProgress) return changeProgress(data[0] ?? 0);
    const parameter = known.get(selector);
    if (parameter === undefined) return { completionCode: parameterRefusal.notSupported };
    if (parameter.access === 'read-only') return { completionCode: parameterRefusal.readOnly };
    const place = keyOf(parameter, data);
    const old = values.get(place);
    if (old === undefined) return { completionCode: parameterOutOfRange };
    if (old.length !== data.length) return { completionCode: lengthInvalid };
    if (!store.ignored.has(selector)) values.set(place, Buffer.from(data));
    written(selector);
    return noData;
  }

  function changeProgress(state: number): NoData | Refused {
    const now = values.get(key(setInProgress))?.[0] ?? 0;
    if (state === 1 && now === 1) return { completionCode: parameterRefusal.alreadyInProgress };
    // A commit leaves the state as it is: only `set complete` ends it.
    if (state < 2) values.set(key(setInProgress), Buffer.of(state));
    written(setInProgress);
    return noData;
  }

  function written(selector: number): void {
    for (const callback of store.onWrite) callback(selector);
  }

  const store: ParameterStore = {
    handlers: [
      handler(commands.get, privilegeLevel.operator, get),
      handler(commands.set, privilegeLevel.administrator, set),
    ],
    read: (selector, ofSet = 0, block = 0) => values.get(key(selector, ofSet, block)),
    write: (selector, bytes, ofSet = 0, block = 0) => void values.set(key(selector, ofSet, block), Buffer.from(bytes)),
    unknown: new Set(),
    ignored: new Set(),
    onWrite: new Set(),
  };
  return store;
}

function hasSets(parameter: AnyParameter): boolean {
  return 'set' in parameter.kinds || 'destination' in parameter.kinds;
}

function keyOf(parameter: AnyParameter, bytes: Uint8Array): string {
  const set = 'destination' in parameter.kinds ? (bytes[0] ?? 0) & 0x0f : (bytes[0] ?? 0);
  if (!hasSets(parameter)) return key(parameter.selector);
  return key(parameter.selector, set, 'block' in parameter.kinds ? (bytes[1] ?? 0) : 0);
}

function key(selector: number, set = 0, block = 0): string {
  return `${selector}/${set}/${block}`;
}
