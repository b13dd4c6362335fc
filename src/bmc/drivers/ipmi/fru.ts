/** Inventory over IPMI: FRU devices, which sensor data records name, and what their areas hold (IPMI v2.0 §34). */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import type { FruAreaInfo, FruPatch } from '../../../protocols/ipmi/index.ts';
import {
  builtinFruDevice,
  changeFruField,
  decodeFruImage,
  FruChangeRefused,
  idStringText,
  IpmiDecodeError,
  readFruData,
  writeFruData,
} from '../../../protocols/ipmi/index.ts';
import type { FieldReplaceableUnit, FruCapability, FruFieldChange, FruFieldChanged } from '../../capabilities/fru.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown, settle } from '../../settle.ts';
import type { Refusal } from './client.ts';
import { refusedError } from './client.ts';
import type { SensorsContext } from './event-sensors.ts';
import type { FruPlace } from './fru-area.ts';
import { readAreaInfo, readFruBytes, writeFruBytes } from './fru-area.ts';
import { toUnit, trimmed } from './fru-unit.ts';

interface Located {
  /** The device id; behind a satellite controller its address too: `2C:0`. */
  id: string;
  name: string;
  place: FruPlace;
}

const bmcAddress = 0x20;
/** Bit 3 of a controller's capabilities. */
const hasFruInventory = 0x08;

export function ipmiFru(context: SensorsContext): FruCapability {
  const about = { driver: 'ipmi', capability: 'fru', clock: context.clock } as const;
  return {
    list: (options = {}) => settle(about, (note) => list(context, note, options.signal)),
    get: (id, options = {}) => settle(about, (note) => get(context, id, note, options.signal)),
    set: (id, change, options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => set(context, id, change, note, options.signal), options.signal),
      ),
  };
}

async function list(context: SensorsContext, note: Note, signal?: AbortSignal): Promise<FieldReplaceableUnit[]> {
  const units: FieldReplaceableUnit[] = [];
  for (const located of await locate(context, note, signal)) units.push(await read(context, located, note, signal));
  return units;
}

async function get(context: SensorsContext, id: string, note: Note, signal?: AbortSignal) {
  return await read(context, await find(context, id, note, signal), note, signal);
}

/**
 * The built-in one first, then those with a locator record, each once: some BMCs list one twice. A satellite controller that
 * says so in its own record has one too, its device 0 (§43.9).
 */
async function locate(context: SensorsContext, note: Note, signal?: AbortSignal): Promise<Located[]> {
  const found = new Map<string, Located>();
  const builtin = String(builtinFruDevice);
  found.set(builtin, { id: builtin, name: 'Builtin FRU Device', place: { device: builtinFruDevice } });
  const sdrs = await context.readSdrs(note, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof AthanorError) || thrown.code !== 'unsupported') throw thrown;
    note('sensor data records', `cannot be read, only the built-in FRU is known: ${thrown.message}`);
    return [];
  });
  for (const { body } of sdrs) {
    if (body.kind === 'controller-locator' && (body.capabilities & hasFruInventory) !== 0) {
      const { slaveAddress: address, channel } = body;
      const id = `${hexAddress(address)}:${builtinFruDevice}`;
      if (address === bmcAddress || found.has(id)) continue;
      const target = { through: [{ channel, address }] };
      found.set(id, { id, name: idStringText(body.id), place: { device: builtinFruDevice, target } });
      continue;
    }
    if (body.kind !== 'fru-device-locator' || !body.logical) continue;
    const behind = body.accessAddress !== bmcAddress && body.accessAddress !== 0;
    const id = behind ? `${hexAddress(body.accessAddress)}:${body.fruId}` : String(body.fruId);
    if (found.has(id) && id !== builtin && !behind) continue;
    const lun = body.lun === 0 ? {} : { lun: body.lun };
    const hop = { through: [{ channel: body.channel, address: body.accessAddress }] };
    const target = behind ? { target: { ...lun, ...hop } } : body.lun === 0 ? {} : { target: lun };
    found.set(id, { id, name: idStringText(body.id), place: { device: body.fruId, ...target } });
  }
  return [...found.values()];
}

function hexAddress(address: number): string {
  return address.toString(16).toUpperCase().padStart(2, '0');
}

async function find(context: SensorsContext, id: string, note: Note, signal?: AbortSignal): Promise<Located> {
  const known = await locate(context, note, signal);
  const located = known.find((one) => one.id === id.toUpperCase());
  if (located !== undefined) return located;
  // A device that no record names may be there nevertheless.
  if (/^\d{1,3}$/.test(id) && Number(id) < 0xff) {
    return { id, name: `FRU ${id}`, place: { device: Number(id) } };
  }
  throw new AthanorError('not-found', `BMC ${context.peer.name} has no FRU ${id}`, {
    field: 'id',
    value: id,
    remedy: `It has ${known.map((one) => one.id).join(', ')}.`,
  });
}

async function read(
  context: SensorsContext,
  { id, name, place }: Located,
  note: Note,
  signal?: AbortSignal,
): Promise<FieldReplaceableUnit> {
  const info = await readAreaInfo(context, place, signal);
  const absent = (why: string): FieldReplaceableUnit => ({ id, name, present: false, records: [], findings: [why] });
  if (isRefusal(info)) return absent(info.text);
  if (info.sizeBytes === 0) return absent('its inventory area has no bytes');
  const { bytes, broken } = await readFruBytes(context, place, info, signal);
  if (bytes.length === 0) return absent(broken?.text ?? 'no bytes came');
  note(readFruData.name, `FRU ${id}: ${bytes.length} of ${info.sizeBytes} bytes`);
  const common = { id, name, present: true, sizeBytes: info.sizeBytes };
  const cut =
    broken === undefined ? [] : [`only ${bytes.length} of ${info.sizeBytes} bytes can be read: ${broken.text}`];
  try {
    const unit = toUnit(decodeFruImage(bytes));
    return { ...common, ...unit, findings: [...cut, ...unit.findings] };
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    const blank = bytes.every((byte) => byte === bytes[0]);
    return { ...common, records: [], findings: [...cut, blank ? 'its inventory area is blank' : error.message] };
  }
}

async function set(
  context: SensorsContext,
  id: string,
  change: FruFieldChange,
  note: Note,
  signal?: AbortSignal,
): Promise<FruFieldChanged> {
  const located = await find(context, id, note, signal);
  const { place } = located;
  const info = await readAreaInfo(context, place, signal);
  if (isRefusal(info)) throw refusedError(context.peer, `reading FRU ${id}`, info);
  const image = await readWhole(context, located, info, signal);
  const patch = patchOf(context, id, image, change);
  const field = `${change.part}.${change.field}`;
  const old = image.subarray(patch.offset, patch.offset + patch.bytes.length);
  note(
    readFruData.name,
    `FRU ${id}: ${field} was ${JSON.stringify(patch.before)}; the area was ${old.toString('hex')}`,
  );

  const failure = await writeFruBytes(context, place, info, patch.offset, patch.bytes, signal).then(
    () => undefined,
    (thrown: unknown) => asAthanorError(thrown),
  );
  note(
    writeFruData.name,
    `FRU ${id}: ${failure?.message ?? `${patch.bytes.length} bytes at ${patch.offset} accepted`}`,
  );

  const readBack = await readWhole(context, located, info, signal).catch((thrown: unknown) => {
    throw outcomeUnknown(`FRU ${id} of BMC ${context.peer.name} was written and cannot be read back`, thrown);
  });
  const now = readBack.subarray(patch.offset, patch.offset + patch.bytes.length);
  if (!now.equals(patch.bytes)) {
    if (failure !== undefined && now.equals(old)) throw failure;
    throw new AthanorError(
      now.equals(old) ? 'bmc-refused' : 'outcome-unknown',
      `FRU ${id} of BMC ${context.peer.name} does not hold what was written`,
      { remedy: `It may be protected. Before, its bytes from ${patch.offset} on were ${old.toString('hex')}.` },
    );
  }
  note(readFruData.name, `FRU ${id}: the area reads as it was written`);
  return { id, part: change.part, field: change.field, before: trimmed(patch.before), after: change.value };
}

async function readWhole(
  context: SensorsContext,
  { id, place }: Located,
  info: FruAreaInfo,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { bytes, broken } = await readFruBytes(context, place, info, signal);
  if (broken !== undefined) throw refusedError(context.peer, `${readFruData.name} (FRU ${id})`, broken);
  return bytes;
}

function patchOf(context: SensorsContext, id: string, image: Buffer, change: FruFieldChange): FruPatch {
  try {
    return changeFruField(image, { area: change.part, field: change.field, text: change.value });
  } catch (error) {
    if (!(error instanceof FruChangeRefused) && !(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError(
      'invalid-input',
      `FRU ${id} of BMC ${context.peer.name} is left as it is: ${error.message}`,
      {
        field: change.field,
        remedy: 'Look at it with `fru get`, and choose a value that fits.',
      },
    );
  }
}

function isRefusal(info: FruAreaInfo | Refusal): info is Refusal {
  return 'completionCode' in info;
}
