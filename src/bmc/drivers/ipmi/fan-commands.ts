/** The raw commands by which a vendor lets its fans be run (quirks/fan-control.ts), sent and read back. */
import { AthanorError } from '../../../errors/index.ts';
import type { IpmiCommand } from '../../../protocols/ipmi/index.ts';
import { getDeviceId, noData } from '../../../protocols/ipmi/index.ts';
import type { FanControl, RawBytes } from '../../quirks/fan-control.ts';
import { findFanControl } from '../../quirks/fan-control.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { undo } from './undo.ts';

const restoreMs = 30_000;

/** Throws `unsupported` where nobody has documented how the fans of this BMC are run. */
export async function fanControlOf(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<FanControl> {
  const { manufacturerId, productId } = await context.client.run(getDeviceId, noData, signal);
  const found = findFanControl(manufacturerId, productId, (name) => context.quirks.has(name));
  if (found === undefined) {
    throw new AthanorError(
      'unsupported',
      `No fan control is known for manufacturer ${manufacturerId}, product ${productId} of BMC ${context.peer.name}; where it is one that Athanor has but does not recognize, name its quirk (supermicrofans, supermicrox9fans)`,
    );
  }
  note(getDeviceId.name, `fan control ${found.name}: ${found.source}`);
  return found;
}

export async function setMode(context: IpmiContext, fans: FanControl, mode: string, note: Note, signal?: AbortSignal) {
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

/** Uses no signal of the caller's: it has to run when that has aborted. */
export async function restoreAutomatic(context: IpmiContext, fans: FanControl, note: Note): Promise<void> {
  const restore = (signal: AbortSignal) => setMode(context, fans, 'automatic', note, signal);
  await undo(context.clock, restore, restoreMs).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    note('fan mode automatic', `NOT RESTORED: ${why}`);
    throw new AthanorError(
      'outcome-unknown',
      `The fans of BMC ${context.peer.name} may not be automatic again: ${why}`,
      { cause: error, remedy: 'Set the fan mode `automatic` as soon as the BMC answers.' },
    );
  });
}

export async function readMode(context: IpmiContext, fans: FanControl, signal?: AbortSignal) {
  if (fans.readMode === undefined) return undefined;
  const data = await send(context, fans, fans.readMode, signal);
  const code = data[0];
  return code === undefined ? undefined : (fans.readMode.codes[code] ?? `mode ${code}`);
}

/** Undefined where the BMC does not tell. */
export async function readDuty(context: IpmiContext, fans: FanControl, zone: number, signal?: AbortSignal) {
  if (fans.readDuty === undefined) return undefined;
  const [byte] = await send(context, fans, fans.readDuty.request(zone), signal);
  if (byte === undefined) return undefined;
  const percent = fans.readDuty.percent(byte);
  if (percent <= 100) return percent;
  // Written in percent to a board that counts to 255, a duty would be less than half of what was meant.
  throw new AthanorError(
    'unsupported',
    `BMC ${context.peer.name} tells a duty of ${byte}, which is no percent: fan control ${fans.name} is not for it`,
  );
}

export async function setDuty(
  context: IpmiContext,
  fans: FanControl,
  zones: FanControl['zones'],
  percent: number,
  note: Note,
  signal?: AbortSignal,
): Promise<void> {
  await send(context, fans, fans.manualMode, signal);
  for (const { zone, number } of zones) {
    await send(context, fans, fans.setDuty(number, percent), signal);
    const seen = await readDuty(context, fans, number, signal);
    note(`fan duty of ${zone}`, `${percent} %: ${seen === undefined ? 'cannot be read back' : `${seen} % read back`}`);
    if (seen !== undefined && Math.abs(seen - percent) > 1) {
      throw new AthanorError('deadline-exceeded', `BMC ${context.peer.name} confirmed, but ${zone} reads ${seen} %`);
    }
  }
}

/** Whether the BMC still holds it; undefined where it does not tell. */
export async function holdsDuty(
  context: IpmiContext,
  fans: FanControl,
  zones: FanControl['zones'],
  percent: number,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  const mode = await readMode(context, fans, signal);
  const manual = fans.readMode?.codes[fans.manualMode.data.at(-1) ?? -1];
  if (mode !== undefined && mode !== manual) return false;
  for (const { number } of zones) {
    const seen = await readDuty(context, fans, number, signal);
    if (seen === undefined) return undefined;
    if (Math.abs(seen - percent) > 1) return false;
  }
  return true;
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
