/** Whom a filter's alerts go to, and what they say: PEF parameters 9 and 11 to 13 (IPMI v2.0 §17.11, §30.3). */
import { AthanorError } from '../../../errors/index.ts';
import type { AlertPolicy } from '../../../protocols/ipmi/index.ts';
import {
  alertPolicyRules,
  decodeAlertPolicy,
  decodeAlertStringBlock,
  decodeAlertStringKeys,
  decodePefByte,
  encodeAlertPolicy,
  encodeAlertStringBlock,
  encodeAlertStringKeys,
  getPefConfigurationParameters,
  pefParameter,
} from '../../../protocols/ipmi/index.ts';
import type {
  AlertPolicyChange,
  AlertPolicyReading,
  AlertString,
  AlertStringChange,
} from '../../capabilities/alerting.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { disagrees, getOptionalPef, getPef, readBackAlerting, setPef } from './pef-access.ts';

const blockLength = 16;
/** Alert strings for pagers: none is longer. */
const mostBlocks = 16;

export function toPolicy(policy: AlertPolicy): AlertPolicyReading {
  const { number, policySet, enabled, rule, channel, destination, stringSelector, eventSpecificString } = policy;
  const named = alertPolicyRules[rule] ?? `rule ${rule}`;
  return {
    number,
    policySet,
    enabled,
    rule: named,
    channel,
    destination,
    stringSelector,
    stringByEvent: eventSpecificString,
  };
}

/** What is left out of it stays as it is. */
export async function writePolicy(
  context: IpmiContext,
  number: number,
  wanted: AlertPolicyChange,
  note: Note,
  signal?: AbortSignal,
): Promise<AlertPolicyReading> {
  const read = () => getPef(context, pefParameter.alertPolicy, number, decodeAlertPolicy, signal);
  const before = await read();
  const policy: AlertPolicy = {
    number,
    policySet: wanted.policySet ?? before.policySet,
    enabled: wanted.enabled ?? before.enabled,
    rule: wanted.rule === undefined ? before.rule : alertPolicyRules.indexOf(wanted.rule),
    channel: wanted.channel ?? before.channel,
    destination: wanted.destination ?? before.destination,
    eventSpecificString: wanted.stringByEvent ?? before.eventSpecificString,
    stringSelector: wanted.stringSelector ?? before.stringSelector,
  };
  await setPef(context, pefParameter.alertPolicy, encodeAlertPolicy(policy), note, signal);
  const seen = await readBackAlerting(context, read);
  note(getPefConfigurationParameters.name, `alert policy ${number}: ${JSON.stringify(toPolicy(seen))}`);
  if (!encodeAlertPolicy(seen).equals(encodeAlertPolicy(policy))) throw disagrees(context, `alert policy ${number}`);
  return toPolicy(seen);
}

/** All but string 0, which the BMC forgets. */
export async function readAlertStrings(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<AlertString[]> {
  const count = (await getPef(context, pefParameter.alertStringCount, 0, decodePefByte, signal)) & 0x7f;
  note(getPefConfigurationParameters.name, `${count} alert strings`);
  const all: AlertString[] = [];
  for (let number = 1; number <= count; number += 1) all.push(await readString(context, number, signal));
  return all;
}

async function readString(context: IpmiContext, number: number, signal?: AbortSignal): Promise<AlertString> {
  const keys = await getPef(context, pefParameter.alertStringKeys, number, decodeAlertStringKeys, signal);
  const parts: Uint8Array[] = [];
  for (let block = 1; block <= mostBlocks; block += 1) {
    const part = await getOptionalPef(context, pefParameter.alertString, number, decodeAlertStringBlock, signal, block);
    // No block of that number: the string is as long as there is room for.
    if (part === undefined || part.data.length === 0) break;
    parts.push(part.data);
    if (part.data.includes(0)) break;
  }
  const [text = ''] = Buffer.concat(parts).toString('latin1').split('\0');
  return { number, eventFilter: keys.eventFilter, stringSet: keys.stringSet, text };
}

export async function writeAlertString(
  context: IpmiContext,
  number: number,
  wanted: AlertStringChange,
  note: Note,
  signal?: AbortSignal,
): Promise<AlertString> {
  const before = await readString(context, number, signal);
  const after: AlertString = {
    number,
    eventFilter: wanted.eventFilter ?? before.eventFilter,
    stringSet: wanted.stringSet ?? before.stringSet,
    text: wanted.text ?? before.text,
  };
  requirePrintable(after.text);
  if (wanted.text !== undefined) await requireRoom(context, number, after.text, signal);
  const { eventFilter, stringSet } = after;
  const keys = encodeAlertStringKeys({ selector: number, eventFilter, stringSet });
  await setPef(context, pefParameter.alertStringKeys, keys, note, signal);
  if (wanted.text !== undefined) await writeText(context, number, after.text, note, signal);
  const seen = await readBackAlerting(context, () => readString(context, number, signal));
  note(getPefConfigurationParameters.name, `alert string ${number}: ${JSON.stringify(seen.text)}`);
  if (seen.text !== after.text || seen.eventFilter !== eventFilter || seen.stringSet !== stringSet) {
    throw disagrees(context, `alert string ${number}`);
  }
  return seen;
}

/** Before anything is written: a text that does not fit would be cut off. */
async function requireRoom(context: IpmiContext, number: number, text: string, signal?: AbortSignal): Promise<void> {
  const last = Math.ceil(text.length / blockLength);
  if (last <= 1) return;
  const { alertString } = pefParameter;
  if ((await getOptionalPef(context, alertString, number, decodeAlertStringBlock, signal, last)) !== undefined) return;
  throw new AthanorError('invalid-input', `BMC ${context.peer.name} has no room for ${text.length} characters`, {
    field: 'text',
    value: text,
  });
}

async function writeText(context: IpmiContext, number: number, text: string, note: Note, signal?: AbortSignal) {
  const bytes = Buffer.from(text, 'latin1');
  // With the zero that ends it, unless it fills the string to its end.
  for (let block = 1; (block - 1) * blockLength <= bytes.length; block += 1) {
    const data = Buffer.alloc(blockLength);
    bytes.copy(data, 0, (block - 1) * blockLength, block * blockLength);
    const written = setPef(
      context,
      pefParameter.alertString,
      encodeAlertStringBlock({ selector: number, block, data }),
      note,
      signal,
    );
    const onlyTheEnd = block > 1 && (block - 1) * blockLength === bytes.length;
    await (onlyTheEnd ? written.catch(ignoreRefusal) : written);
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof AthanorError && error.code === 'bmc-refused')) throw error;
}

function requirePrintable(text: string): void {
  if (/^[\x20-\x7e]*$/.test(text) && text.length < mostBlocks * blockLength) return;
  throw new AthanorError('invalid-input', 'An alert string is printable ASCII, at most 255 characters', {
    field: 'text',
    value: text,
  });
}
