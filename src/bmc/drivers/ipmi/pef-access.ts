/** Configuration parameters of platform event filtering, read and written (IPMI v2.0 §30.3, §30.4). */
import { AthanorError } from '../../../errors/index.ts';
import {
  getPefConfigurationParameters,
  IpmiDecodeError,
  setPefConfigurationParameters,
} from '../../../protocols/ipmi/index.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { readBack, sendChange } from './send-change.ts';

/** As in `BMC x may hold WHAT, or not`. */
const what = 'the change of its alerting';

export async function getPef<Value>(
  context: IpmiContext,
  parameter: number,
  setSelector: number,
  decode: (data: Uint8Array) => Value,
  signal?: AbortSignal,
  blockSelector = 0,
): Promise<Value> {
  const request = { parameter, setSelector, blockSelector };
  const { data } = await context.client.run(getPefConfigurationParameters, request, signal);
  return decoded(context, () => decode(data));
}

/** Undefined where the BMC refuses to tell. */
export async function getOptionalPef<Value>(
  context: IpmiContext,
  parameter: number,
  setSelector: number,
  decode: (data: Uint8Array) => Value,
  signal?: AbortSignal,
  blockSelector = 0,
): Promise<Value | undefined> {
  const request = { parameter, setSelector, blockSelector };
  const answer = await context.client.ask(getPefConfigurationParameters, request, signal);
  return 'value' in answer ? decoded(context, () => decode(answer.value.data)) : undefined;
}

export async function setPef(
  context: IpmiContext,
  parameter: number,
  data: Uint8Array,
  note: Note,
  signal?: AbortSignal,
) {
  await sendChange(context, setPefConfigurationParameters, { parameter, data }, what, { signal });
  note(setPefConfigurationParameters.name, `parameter ${parameter}: confirmed by the BMC`);
}

/** Reads what came of changes to event filtering, its policies, strings and destinations. */
export async function readBackAlerting<Value>(context: IpmiContext, read: () => Promise<Value>): Promise<Value> {
  return await readBack(context, what, read);
}

function decoded<Value>(context: IpmiContext, decode: () => Value): Value {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${context.peer.name}: ${error.message}`, { cause: error });
  }
}

export function disagrees(context: IpmiContext, what: string): AthanorError {
  return new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed the change of ${what}, but reads back otherwise`,
  );
}
