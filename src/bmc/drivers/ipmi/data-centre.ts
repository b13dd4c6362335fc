/** Power metering and limits, asset tag and temperatures over DCMI (DCMI v1.5 §6). */
import { AthanorError } from '../../../errors/index.ts';
import type { IpmiCommand, PowerLimit, TextPart, TextRange } from '../../../protocols/ipmi/index.ts';
import {
  activatePowerLimit,
  dcmiCapability,
  dcmiSupportedBits,
  decodeDcmiSupported,
  decodeEnhancedPowerStatistics,
  encodePeriod,
  getAssetTag,
  getDcmiCapabilities,
  getManagementControllerIdentifier,
  getPowerLimit,
  getPowerReading,
  IpmiDecodeError,
  noData,
  powerLimitExceptions,
  setAssetTag,
  setManagementControllerIdentifier,
  setPowerLimit,
} from '../../../protocols/ipmi/index.ts';
import type {
  DataCentreCapabilities,
  DataCentreCapability,
  PowerLimitReading,
  PowerLimitSettings,
  PowerMeterReading,
} from '../../capabilities/data-centre.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { readSensorPlaces, readThermal, writeTemperatureLimit } from './data-centre-thermal.ts';
import { readBack, sendChange } from './send-change.ts';

const about = { driver: 'ipmi', capability: 'dataCentre' } as const;
const chunk = 16;
const longestTag = 63;
const noActiveLimit = 0x80;
const wholePeriod = 1;
const rollingAverage = 2;

export function ipmiDataCentre(context: IpmiContext): DataCentreCapability {
  const read = <Value>(task: (note: Note) => Promise<Value>) => settle({ ...about, clock: context.clock }, task);
  const change = <Value>(options: CallOptions, task: (note: Note) => Promise<Value>) =>
    read((note) => context.lane.change(() => task(note), options.signal));
  return {
    capabilities: (options = {}) => read((note) => readCapabilities(context, note, options.signal)),
    power: (averageSeconds, options = {}) =>
      read((note) => readPowerMeter(context, averageSeconds, note, options.signal)),
    getPowerLimit: (options = {}) => read((note) => readLimit(context, note, options.signal)),
    setPowerLimit: (limit, options = {}) => change(options, (note) => writeLimit(context, limit, note, options.signal)),
    activatePowerLimit: (active, options = {}) =>
      change(options, async (note) => {
        const what = active ? 'an active power limit' : 'no active power limit';
        await sendChange(context, activatePowerLimit, { active }, what, options);
        note(activatePowerLimit.name, `${active ? 'activate' : 'deactivate'}: confirmed by the BMC`);
        const seen = await readBack(context, what, () => readLimit(context, note, options.signal));
        if (seen.active !== active) throw disagrees(context, `the power limit reads ${seen.active ? '' : 'in'}active`);
        return seen;
      }),
    getAssetTag: (options = {}) =>
      read(async (note) => ({ assetTag: await readText(context, getAssetTag, note, options.signal) })),
    setAssetTag: (assetTag, options = {}) =>
      change(options, async (note) => ({
        assetTag: await writeText(context, 'assetTag', assetTag, note, options.signal),
      })),
    getControllerName: (options = {}) =>
      read(async (note) => ({
        controllerName: await readText(context, getManagementControllerIdentifier, note, options.signal),
      })),
    setControllerName: (name, options = {}) =>
      change(options, async (note) => ({
        controllerName: await writeText(context, 'controllerName', name, note, options.signal),
      })),
    thermal: (options = {}) => read((note) => readThermal(context, note, options.signal)),
    setTemperatureLimit: (limit, options = {}) =>
      change(options, (note) => writeTemperatureLimit(context, limit, note, options.signal)),
    sensors: (options = {}) => read((note) => readSensorPlaces(context, note, options.signal)),
  };
}

async function readCapabilities(
  context: IpmiContext,
  note: Note,
  signal?: AbortSignal,
): Promise<DataCentreCapabilities> {
  const info = await context.client.run(getDcmiCapabilities, { parameter: dcmiCapability.supported }, signal);
  note(getDcmiCapabilities.name, `DCMI ${info.conformance}: ${Buffer.from(info.data).toString('hex')}`);
  const { platform, optional, access } = decoded(context, () => decodeDcmiSupported(info.data));
  const named = (bits: number, names: readonly string[]) => names.filter((_, bit) => (bits & (1 << bit)) !== 0);
  const statistics = { parameter: dcmiCapability.enhancedPowerStatistics };
  const averages = await context.client.ask(getDcmiCapabilities, statistics, signal);
  return {
    conformance: `DCMI ${info.conformance}`,
    supported: [
      ...named(platform, dcmiSupportedBits.platform),
      ...named(optional, dcmiSupportedBits.optional),
      ...named(access, dcmiSupportedBits.access),
    ],
    powerAverages:
      'value' in averages ? decoded(context, () => decodeEnhancedPowerStatistics(averages.value.data)) : [],
  };
}

async function readPowerMeter(
  context: IpmiContext,
  averageSeconds: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<PowerMeterReading> {
  const request =
    averageSeconds === undefined
      ? { mode: wholePeriod, period: 0 }
      : { mode: rollingAverage, period: encodePeriod(averageSeconds) };
  const reading = await context.client.run(getPowerReading, request, signal);
  note(getPowerReading.name, `${reading.currentWatts} W, measuring is ${reading.active ? '' : 'in'}active`);
  const { timestamp, periodMs, ...rest } = reading;
  return { ...rest, at: new Date(timestamp * 1000).toISOString(), periodSeconds: periodMs / 1000 };
}

/** A limit that does not hold is told beside the completion code 80h, or not at all. */
async function readLimit(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<PowerLimitReading> {
  const answer = await context.client.ask(getPowerLimit, noData, signal);
  if ('value' in answer) {
    note(getPowerLimit.name, `${answer.value.watts} W`);
    return limitReading(true, answer.value);
  }
  if (answer.refused.completionCode !== noActiveLimit) {
    throw refusedError(context.peer, getPowerLimit.name, answer.refused);
  }
  const { text, data = Buffer.alloc(0) } = answer.refused;
  const inactive = decodedOrNone(data);
  // No more than the defining body, or zeros: there is none at all.
  if (inactive === undefined || inactive.watts === 0) {
    note(getPowerLimit.name, text);
    return { active: false };
  }
  note(getPowerLimit.name, `${text}; ${inactive.watts} W when it is activated`);
  return limitReading(false, inactive);
}

function decodedOrNone(data: Uint8Array): PowerLimit | undefined {
  try {
    return getPowerLimit.decodeResponse(data);
  } catch (error) {
    if (error instanceof IpmiDecodeError) return undefined;
    throw error;
  }
}

function limitReading(active: boolean, { exception, ...limit }: PowerLimit): PowerLimitReading {
  const named = Object.entries(powerLimitExceptions).find(([, code]) => code === exception)?.[0];
  return { active, ...limit, whenExceeded: named ?? `action ${exception}` };
}

async function writeLimit(context: IpmiContext, limit: PowerLimitSettings, note: Note, signal?: AbortSignal) {
  const { whenExceeded, ...rest } = limit;
  const request = { ...rest, exception: powerLimitExceptions[whenExceeded] };
  const what = `the power limit of ${limit.watts} W`;
  await sendChange(context, setPowerLimit, request, what, { signal });
  note(setPowerLimit.name, `${limit.watts} W: confirmed by the BMC`);
  const seen = await readBack(context, what, () => readLimit(context, note, signal));
  if (seen.watts === undefined) {
    note(getPowerLimit.name, 'the limit is not active, and this BMC does not tell it until it is');
    return { ...limit, active: false };
  }
  const { active: _, ...told } = seen;
  const unlike = Object.entries(limit).filter(
    ([name, wanted]) => new Map<string, unknown>(Object.entries(told)).get(name) !== wanted,
  );
  if (unlike.length > 0) throw disagrees(context, `the power limit reads ${JSON.stringify(told)}`);
  return seen;
}

async function readText(
  context: IpmiContext,
  command: IpmiCommand<TextRange, TextPart>,
  note: Note,
  signal?: AbortSignal,
): Promise<string> {
  const parts: Uint8Array[] = [];
  let offset = 0;
  // The total length is one byte, and each round reads at least one: this ends.
  for (let total = 1; offset < total; ) {
    const part = await context.client.run(command, { offset, count: chunk }, signal);
    total = part.totalLength;
    const wanted = part.data.subarray(0, Math.max(0, total - offset));
    if (wanted.length === 0) break;
    parts.push(wanted);
    offset += wanted.length;
  }
  const [text = ''] = Buffer.concat(parts).toString('latin1').split('\0');
  note(command.name, text === '' ? 'empty' : text);
  return text;
}

async function writeText(
  context: IpmiContext,
  field: 'assetTag' | 'controllerName',
  text: string,
  note: Note,
  signal?: AbortSignal,
): Promise<string> {
  if (!/^[\x20-\x7e]*$/.test(text) || text.length > longestTag) {
    throw new AthanorError('invalid-input', `At most ${longestTag} printable ASCII characters fit`, {
      field,
      value: text,
    });
  }
  const isTag = field === 'assetTag';
  const command = isTag ? setAssetTag : setManagementControllerIdentifier;
  // The controller's identifier ends with a zero; an asset tag is as long as it is written (§6.4.3).
  const what = `the ${isTag ? 'asset tag' : 'name'} ${JSON.stringify(text)}, whole or in part`;
  const bytes = Buffer.from(isTag ? text : `${text}\0`, 'latin1');
  for (let offset = 0; offset < Math.max(bytes.length, 1); offset += chunk) {
    await sendChange(context, command, { offset, data: bytes.subarray(offset, offset + chunk) }, what, { signal });
  }
  note(command.name, 'confirmed by the BMC');
  const reader = isTag ? getAssetTag : getManagementControllerIdentifier;
  const seen = await readBack(context, what, () => readText(context, reader, note, signal));
  if (seen.trimEnd() !== text.trimEnd()) throw disagrees(context, `it reads ${JSON.stringify(seen)}`);
  return seen;
}

function disagrees(context: IpmiContext, seen: string): AthanorError {
  return new AthanorError('deadline-exceeded', `BMC ${context.peer.name} confirmed the change, but ${seen}`);
}

function decoded<Value>(context: IpmiContext, decode: () => Value): Value {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${context.peer.name}: ${error.message}`, { cause: error });
  }
}
