/**
 * Ties a BMC to its machine: the BMC tells a GUID, the ramdisk reads the SMBIOS UUID, and they are the same number in
 * one of the byte orders that vendors use. A GUID that fits several BMCs or machines ties nothing.
 */
import type { Transaction } from 'kysely';
import { type BmcResult, type BmcDeviceId, guidCandidates, sameGuid } from '../bmc/index.ts';
import { asAthanorError, type AthanorError } from '../errors/index.ts';
import type { Site } from '../site/index.ts';
import { type Database, type Row, type Store, toJson } from '../store/index.ts';

export type BmcRow = Row<'bmcs'>;

function valueOf<T>(result: BmcResult<T>): T | undefined {
  return result.outcome === 'done' ? result.value : undefined;
}

/** The machines that claim a UUID, in whatever byte order each wrote it. */
async function machinesOfUuid(trx: Transaction<Database>, uuid: string): Promise<string[]> {
  const candidates = guidCandidates(uuid);
  if (candidates.length === 0) return [];
  const rows = await trx
    .selectFrom('machine_claims')
    .select('machine_id')
    .distinct()
    .where('kind', '=', 'uuid')
    .where('value', 'in', candidates)
    .execute();
  return rows.map((row) => row.machine_id);
}

async function tie(
  store: Store,
  trx: Transaction<Database>,
  bmc: BmcRow,
  machine: { id: string; uuid: string; operationId: string | null },
): Promise<void> {
  await trx.updateTable('bmcs').set({ machine_id: machine.id }).where('id', '=', bmc.id).execute();
  await store.events.appendEvent(trx, {
    kind: 'machine.bmc-tied',
    subject: { kind: 'machine', id: machine.id },
    operationId: machine.operationId,
    data: { bmc: bmc.name, guid: bmc.guid, uuid: machine.uuid },
  });
}

/** A BMC that was declared, or moved, after its machine was inspected finds it by the claims of then. */
async function tieToKnownMachine(store: Store, trx: Transaction<Database>, bmc: BmcRow): Promise<void> {
  const { guid } = bmc;
  if (guid === null) return;
  const [machineId, second] = await machinesOfUuid(trx, guid);
  if (machineId === undefined || second !== undefined) return;
  const others = await trx.selectFrom('bmcs').select(['guid', 'machine_id']).where('id', '!=', bmc.id).execute();
  const doubtful = others.some(
    (other) => other.machine_id === machineId || (other.guid !== null && sameGuid(other.guid, guid)),
  );
  if (!doubtful) await tie(store, trx, bmc, { id: machineId, uuid: guid, operationId: null });
}

/**
 * Ask a BMC who it is, keep the answer, and tie it to the machine that it is known to be of. A BMC that does not answer
 * keeps what it told before, and so does one that was not heard out because the signal fired.
 */
export async function identifyBmc(
  store: Store,
  site: Pick<Site, 'bmc'>,
  name: string,
  now: () => number,
  signal?: AbortSignal,
): Promise<AthanorError | undefined> {
  const options = signal === undefined ? {} : { signal };
  let error: AthanorError | undefined;
  let device: BmcDeviceId | undefined;
  let guid: string | undefined;
  try {
    const bmc = site.bmc(name);
    const deviceResult = await bmc.identity.deviceId(options);
    device = valueOf(deviceResult);
    if (deviceResult.outcome === 'failed' || deviceResult.outcome === 'outcome unknown') error = deviceResult.error;
    if (device !== undefined) guid = valueOf(await bmc.identity.guid(options))?.raw;
  } catch (thrown) {
    error = asAthanorError(thrown);
  }
  // Nobody waits for the answer any more, and that the call was cut short says nothing about the BMC.
  if (signal?.aborted === true) return undefined;
  await store.transaction(async (trx) => {
    const before = await trx.selectFrom('bmcs').selectAll().where('name', '=', name).executeTakeFirst();
    if (before === undefined) return;
    const lastError = error === undefined ? null : { code: error.code, message: error.message, remedy: error.remedy };
    const answered = device === undefined ? {} : { device: toJson({ ...device }), last_seen_at: now() };
    await trx
      .updateTable('bmcs')
      .set({
        ...answered,
        // A GUID that a person declared wins over what the BMC tells.
        ...(guid === undefined || before.guid !== null ? {} : { guid }),
        last_error: lastError === null ? null : toJson({ ...lastError, time: now() }),
      })
      .where('name', '=', name)
      .execute();
    // A BMC that stays as it is (deaf, or one that cannot be asked) is no news, however often it is asked.
    if (device !== undefined && before.machine_id === null)
      await tieToKnownMachine(store, trx, { ...before, guid: before.guid ?? guid ?? null });
    const answeredAgain = device !== undefined && (before.last_error !== null || before.last_seen_at === null);
    const news = lastError === null ? answeredAgain : before.last_error === null;
    if (!news) return;
    await store.events.appendEvent(trx, {
      kind: lastError === null ? 'bmc.identified' : 'bmc.failing',
      subject: { kind: 'bmc', id: before.id },
      data: { name, ...(guid === undefined ? {} : { guid }), ...lastError },
    });
  });
  return error;
}

/**
 * Find the BMC of a machine by its SMBIOS UUID and tie the two.
 *
 * @returns the BMC, or why there is none
 */
export async function tieBmc(
  store: Store,
  machineId: string,
  uuid: string,
  operationId: string,
): Promise<{ bmc: BmcRow } | { reason: string }> {
  return await store.transaction(async (trx) => {
    const bmcs = await trx.selectFrom('bmcs').selectAll().orderBy('name').execute();
    const tied = bmcs.find((bmc) => bmc.machine_id === machineId);
    if (tied !== undefined) return { bmc: tied };
    const fitting = bmcs.filter((bmc) => bmc.guid !== null && sameGuid(bmc.guid, uuid));
    const [only, second] = fitting;
    if (only === undefined) return { reason: `no declared BMC tells the GUID ${uuid}` };
    if (second !== undefined)
      return { reason: `several BMCs tell the GUID ${uuid}: ${fitting.map((bmc) => bmc.name).join(', ')}` };
    const others = (await machinesOfUuid(trx, uuid)).filter((other) => other !== machineId);
    if (others.length > 0) return { reason: `another machine claims the UUID ${uuid}: ${others.join(', ')}` };
    if (only.machine_id !== null) return { reason: `the BMC ${only.name} belongs to machine ${only.machine_id}` };
    await tie(store, trx, only, { id: machineId, uuid, operationId });
    return { bmc: { ...only, machine_id: machineId } };
  });
}
