/** Everything the BMC keeps about the next boot: System Boot Options 0 to 7 (IPMI v2.0 §28.13, Table 28-14). */
import {
  bootParameter,
  bootParameterNames,
  decodeBootFlags,
  decodeBootFlagsKept,
  decodeBootInfoAcknowledge,
  decodeBootInitiatorInfo,
  decodeBootMailboxBlock,
  decodeBootSetInProgress,
  decodeServicePartitionScan,
  decodeServicePartitionSelector,
  getSystemBootOptions,
  IpmiDecodeError,
} from '../../../protocols/ipmi/index.ts';
import type { BootOption } from '../../capabilities/boot-device.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

type Fields = BootOption['fields'];

const readers: Readonly<Record<number, (data: Uint8Array) => Fields>> = {
  [bootParameter.setInProgress]: (data) => ({ state: decodeBootSetInProgress(data) }),
  [bootParameter.servicePartitionSelector]: (data) => ({ partition: decodeServicePartitionSelector(data) }),
  [bootParameter.servicePartitionScan]: (data) => ({ ...decodeServicePartitionScan(data) }),
  [bootParameter.bootFlagValidClearing]: (data) => ({ ...decodeBootFlagsKept(data) }),
  [bootParameter.bootInfoAcknowledge]: (data) => ({ ...decodeBootInfoAcknowledge(data) }),
  [bootParameter.bootFlags]: (data) => ({ ...decodeBootFlags(data) }),
  [bootParameter.bootInitiatorInfo]: (data) => ({ ...decodeBootInitiatorInfo(data) }),
  [bootParameter.bootInitiatorMailbox](data) {
    const { block, data: bytes } = decodeBootMailboxBlock(data);
    return { block, data: Buffer.from(bytes).toString('hex') };
  },
};

/** What the BMC refuses is left out; when it refuses all, so does this. */
export async function readBootOptions(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<BootOption[]> {
  const found: BootOption[] = [];
  let refusal: Parameters<typeof refusedError>[2] | undefined;
  for (const parameter of Object.values(bootParameter)) {
    const answer = await context.client.ask(getSystemBootOptions, { parameter }, signal);
    if ('refused' in answer) {
      refusal = answer.refused;
      note(getSystemBootOptions.name, `parameter ${parameter}: ${answer.refused.text}`);
      continue;
    }
    const raw = Buffer.from(answer.value.data).toString('hex');
    note(getSystemBootOptions.name, `parameter ${parameter} reads ${raw}`);
    found.push({
      parameter,
      name: bootParameterNames[parameter] ?? String(parameter),
      raw,
      markedInvalid: answer.value.markedInvalid,
      fields: readFields(parameter, answer.value.data),
    });
  }
  if (found.length === 0 && refusal !== undefined) {
    throw refusedError(context.peer, getSystemBootOptions.name, refusal);
  }
  return found;
}

function readFields(parameter: number, data: Uint8Array): Fields {
  try {
    return readers[parameter]?.(data) ?? {};
  } catch (error) {
    if (error instanceof IpmiDecodeError) return {};
    throw error;
  }
}
