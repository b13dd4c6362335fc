/** Fans by their vendor's raw commands (quirks/fan-control.ts), seen by the tachometers where the sensors can be read. */
import { AthanorError } from '../../../errors/index.ts';
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { getDeviceId, noData } from '../../../protocols/ipmi/index.ts';
import type { FanDuty, FanReading, FansCapability } from '../../capabilities/fans.ts';
import type { SensorsCapability } from '../../capabilities/sensors.ts';
import type { FanControl, RawBytes } from '../../quirks/fan-control.ts';
import { findFanControl } from '../../quirks/fan-control.ts';
import { sleep } from '../../ports.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';

/** Less than this lets most machines run hot: it needs the caller's word. */
const safePercent = 20;
/** How often a held duty is looked at, and set again where the BMC has dropped it. */
const holdMs = 30_000;
const restoreMs = 30_000;

/** @param sensors of the same BMC: where the tachometers are */
export function ipmiFans(context: IpmiContext, sensors: SensorsCapability): FansCapability {
  const about = { driver: 'ipmi', capability: 'fans', clock: context.clock } as const;
  const change = <Value>(signal: AbortSignal | undefined, task: () => Promise<Value>) =>
    context.lane.change(task, signal);
  return {
    get: (options = {}) =>
      settle(about, async (note) => read(context, sensors, await control(context, note), note, options)),
    setMode: (mode, options = {}) =>
      settle(about, async (note) => {
        const fans = await control(context, note, options.signal);
        await change(options.signal, () => setMode(context, fans, mode, note, options.signal));
        return read(context, sensors, fans, note, options);
      }),
    setDuty: (duty, options = {}) =>
      settle(about, async (note) => {
        refuseDangerous(duty);
        const fans = await control(context, note, options.signal);
        const set = () => setDuty(context, fans, duty, note, options.signal);
        await change(options.signal, () => restoringOnFailure(context, fans, note, set));
        return read(context, sensors, fans, note, options);
      }),
    hold: (duty, options = {}) =>
      settle(about, async (note) => {
        refuseDangerous(duty);
        const fans = await control(context, note, options.signal);
        await holdUntilAborted(context, fans, duty, note, options);
        return read(context, sensors, fans, note, {});
      }),
  };
}

function refuseDangerous({ percent, force }: FanDuty): void {
  if (!Number.isInteger(percent) || percent < 0 || percent > 100) {
    throw new AthanorError('invalid-input', 'A duty is 0 to 100 percent', { field: 'percent', value: String(percent) });
  }
  if (percent >= safePercent || force === true) return;
  throw new AthanorError('invalid-input', `A duty under ${safePercent} % may overheat the machine`, {
    field: 'percent',
    value: String(percent),
    remedy: 'Say `force` if it is really meant, and watch the temperatures.',
  });
}

async function control(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<FanControl> {
  const { manufacturerId, productId } = await context.client.run(getDeviceId, noData, signal);
  const found = findFanControl(manufacturerId, productId);
  if (found === undefined) {
    throw new AthanorError(
      'unsupported',
      `No fan control is known for manufacturer ${manufacturerId}, product ${productId} of BMC ${context.peer.name}`,
    );
  }
  note(getDeviceId.name, `fan control ${found.name}: ${found.source}`);
  return found;
}

async function setMode(context: IpmiContext, fans: FanControl, mode: string, note: Note, signal?: AbortSignal) {
  const bytes = Object.hasOwn(fans.modes, mode) ? fans.modes[mode] : undefined;
  if (bytes === undefined) {
    const known = Object.keys(fans.modes).join(', ');
    throw new AthanorError('invalid-input', `Fan mode ${mode} is none of ${known}`, { field: 'mode', value: mode });
  }
  await send(context, fans, bytes, signal);
  note(`fan mode ${mode}`, 'confirmed by the BMC');
  const seen = await readMode(context, fans, signal);
  const expected = fans.readMode?.codes[bytes.data.at(-1) ?? -1];
  if (seen !== undefined && seen !== expected) {
    throw new AthanorError('deadline-exceeded', `BMC ${context.peer.name} confirmed ${mode}, but ${seen} is read back`);
  }
}

async function setDuty(context: IpmiContext, fans: FanControl, duty: FanDuty, note: Note, signal?: AbortSignal) {
  const zones = duty.zone === undefined ? fans.zones : fans.zones.filter(({ zone }) => zone === duty.zone);
  if (zones.length === 0) {
    const known = fans.zones.map(({ zone }) => zone).join(', ');
    throw new AthanorError('invalid-input', `Fan zone ${duty.zone} is none of ${known}`, { field: 'zone' });
  }
  await send(context, fans, fans.manualMode, signal);
  for (const { zone, number } of zones) {
    await send(context, fans, fans.setDuty(number, duty.percent), signal);
    const seen = await readDuty(context, fans, number, signal);
    note(
      `fan duty of ${zone}`,
      `${duty.percent} %: ${seen === undefined ? 'cannot be read back' : `${seen} % read back`}`,
    );
    if (seen !== undefined && Math.abs(seen - duty.percent) > 1) {
      throw new AthanorError('deadline-exceeded', `BMC ${context.peer.name} confirmed, but ${zone} reads ${seen} %`);
    }
  }
}

/** Whatever stops a duty half-way, the machine is not left with it. */
async function restoringOnFailure(context: IpmiContext, fans: FanControl, note: Note, task: () => Promise<void>) {
  try {
    await task();
  } catch (error) {
    if (!(error instanceof AthanorError && error.code === 'invalid-input')) await restore(context, fans, note);
    throw error;
  }
}

/** Uses no signal of the caller's: it has to run when that has aborted. */
async function restore(context: IpmiContext, fans: FanControl, note: Note): Promise<void> {
  const signal = AbortSignal.timeout(restoreMs);
  await setMode(context, fans, 'automatic', note, signal).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    note('fan mode automatic', `NOT RESTORED: ${why}`);
    throw new AthanorError(
      'outcome-unknown',
      `The fans of BMC ${context.peer.name} may not be automatic again: ${why}`,
      {
        cause: error,
        remedy: 'Set the fan mode `automatic` as soon as the BMC answers.',
      },
    );
  });
}

async function holdUntilAborted(
  context: IpmiContext,
  fans: FanControl,
  duty: FanDuty,
  note: Note,
  { signal, deadlineMs }: CallOptions,
): Promise<void> {
  const ends = deadlineMs === undefined ? Number.POSITIVE_INFINITY : context.clock.now() + deadlineMs;
  const quiet: Note = () => undefined;
  const set = (told: Note) => context.lane.change(() => setDuty(context, fans, duty, told, signal), signal);
  try {
    await set(note);
    while (context.clock.now() < ends && signal?.aborted !== true) {
      await sleep(context.clock, Math.min(holdMs, ends - context.clock.now()), signal);
      if (context.clock.now() < ends) await set(quiet);
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    await context.lane.change(() => restore(context, fans, note));
  }
}

async function read(
  context: IpmiContext,
  sensors: SensorsCapability,
  fans: FanControl,
  note: Note,
  options: CallOptions,
): Promise<FanReading> {
  const mode = await readMode(context, fans, options.signal);
  const duties: FanReading['duties'] = [];
  for (const { zone, number } of fans.zones) {
    const percent = await readDuty(context, fans, number, options.signal);
    if (percent !== undefined) duties.push({ zone, percent });
  }
  const listed = await sensors.list({ type: 'fan' }, options);
  if (listed.outcome !== 'done')
    note('tachometers', listed.outcome === 'unsupported' ? listed.reason : listed.error.message);
  const tachometers =
    listed.outcome === 'done'
      ? listed.value.flatMap(({ name, value, unit }) =>
          value !== undefined && unit === 'RPM' ? [{ name, rpm: value }] : [],
        )
      : [];
  note('tachometers', tachometers.map(({ name, rpm }) => `${name} ${rpm} RPM`).join(', ') || 'none read');
  return {
    ...(mode !== undefined && { mode }),
    duties,
    tachometers,
    modes: Object.keys(fans.modes),
    control: fans.name,
  };
}

async function readMode(context: IpmiContext, fans: FanControl, signal?: AbortSignal): Promise<string | undefined> {
  if (fans.readMode === undefined) return undefined;
  const data = await send(context, fans, fans.readMode, signal);
  const code = data[0];
  return code === undefined ? undefined : (fans.readMode.codes[code] ?? `mode ${code}`);
}

async function readDuty(context: IpmiContext, fans: FanControl, zone: number, signal?: AbortSignal) {
  if (fans.readDuty === undefined) return undefined;
  const [byte] = await send(context, fans, fans.readDuty.request(zone), signal);
  return byte === undefined ? undefined : fans.readDuty.percent(byte);
}

/** Every sequence of the table sets or reads a state, so that twice is as once. */
function send(context: IpmiContext, fans: FanControl, { command, data }: RawBytes, signal?: AbortSignal) {
  const raw: IpmiCommand<Uint8Array, Uint8Array> = {
    name: `fan control ${fans.name}`,
    networkFunction: fans.networkFunction,
    command,
    idempotent: true,
    encodeRequest: (request) => request,
    decodeRequest: (request) => request,
    encodeResponse: (response) => response,
    decodeResponse: (response) => response,
  };
  return context.client.run(raw, Uint8Array.from(data), signal);
}
