/** The records a BMC has of its sensors: from its repository, or from its own device where it has none; kept in a cache. */
import type { SdrRecord, SdrRepositoryInfo } from '../../../protocols/ipmi/index.ts';
import {
  decodeSdrRecord,
  getDeviceSdr,
  getDeviceSdrInfo,
  getSdr,
  getSdrRepositoryInfo,
  IpmiDecodeError,
  noData,
  reserveDeviceSdrRepository,
  reserveSdrRepository,
} from '../../../protocols/ipmi/index.ts';
import type { SensorRecordStore } from '../../capabilities/sensors.ts';
import type { SdrCache } from '../../sdr-cache.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import type { WalkedSdrs } from './sdr-walk.ts';
import { walkSdrs } from './sdr-walk.ts';

/** Where the BMC does not say when its records changed, or did not give all of them, they are read anew after this time. */
const keptInDoubtMs = 600_000;
const unspecifiedTime = 0xffff_ffff;
/** Up to here it is no date, but the seconds since the BMC started (§37.1). */
const lastTimeSinceStart = 0x2000_0000;

export interface SdrStore {
  readRecords(note: Note, signal?: AbortSignal): Promise<SdrRecord[]>;
  info(note: Note, signal?: AbortSignal): Promise<SensorRecordStore>;
}

/** As much of the driver's context as records need. */
type StoreContext = Pick<IpmiContext, 'peer'> & {
  client: Pick<IpmiContext['client'], 'ask'>;
  clock: Pick<IpmiContext['clock'], 'now'>;
  quirks: Pick<IpmiContext['quirks'], 'has'>;
};

export function createSdrStore(context: StoreContext, cache: SdrCache): SdrStore {
  const { client, peer, clock } = context;
  const key = `${peer.name} ${peer.address} ${peer.port}`;

  /** Undefined: there is no repository. */
  async function repositoryInfo(note: Note, signal?: AbortSignal): Promise<SdrRepositoryInfo | undefined> {
    const answer = await client.ask(getSdrRepositoryInfo, noData, signal);
    if ('value' in answer) return answer.value;
    note(getSdrRepositoryInfo.name, answer.refused.text);
    return undefined;
  }

  async function deviceInfo(countRecords: boolean, signal?: AbortSignal) {
    const answer = await client.ask(getDeviceSdrInfo, { countRecords }, signal);
    if ('value' in answer) return answer.value;
    throw refusedError(peer, getDeviceSdrInfo.name, answer.refused);
  }

  async function cached(stamp: string, changesSeen: boolean): Promise<readonly string[] | undefined> {
    const kept = await cache.get(key);
    if (kept === undefined || (kept.stamp !== stamp && kept.stamp !== stampOfSome(stamp))) return undefined;
    const sure = changesSeen && kept.stamp === stamp;
    return sure || clock.now() - kept.readAt < keptInDoubtMs ? kept.records : undefined;
  }

  async function readBytes(note: Note, signal?: AbortSignal): Promise<Uint8Array[]> {
    const info = await repositoryInfo(note, signal);
    // Some BMCs claim an empty repository and describe their sensors as a device.
    const device = info === undefined || info.recordCount === 0 ? await deviceInfo(false, signal) : undefined;
    const stamp = JSON.stringify(device ?? info);
    const changesSeen = device === undefined ? hasTimestamps(info) : device.dynamic;
    const kept = await cached(stamp, changesSeen);
    if (kept !== undefined) {
      note('sensor data records', `${kept.length} are known from before`);
      return kept.map((hex) => Buffer.from(hex, 'hex'));
    }
    const { records, complete } =
      device === undefined ? await walkRepository(info, note, signal) : await walkDevice(device.luns, note, signal);
    const all = records.map((record) => Buffer.from(record).toString('hex'));
    await cache.put(key, { stamp: complete ? stamp : stampOfSome(stamp), readAt: clock.now(), records: all });
    return records;
  }

  async function walkRepository(
    info: SdrRepositoryInfo | undefined,
    note: Note,
    signal?: AbortSignal,
  ): Promise<WalkedSdrs> {
    const bounded = context.quirks.has('assumemaxsdrrecordcount') && info !== undefined;
    const source = { get: getSdr, reserve: reserveSdrRepository, ...(bounded && { count: info.recordCount }) };
    const walked = await walkSdrs(context, source, note, signal);
    note(getSdr.name, `${walked.records.length} records`);
    return walked;
  }

  async function walkDevice(luns: readonly boolean[], note: Note, signal?: AbortSignal): Promise<WalkedSdrs> {
    const records: Uint8Array[] = [];
    let complete = true;
    const has = luns.includes(true) ? luns : [true];
    for (const lun of has.keys()) {
      if (has[lun] !== true) continue;
      const target = lun === 0 ? {} : { target: { lun } };
      const source = { get: getDeviceSdr, reserve: reserveDeviceSdrRepository, ...target };
      const walked = await walkSdrs(context, source, note, signal);
      records.push(...walked.records);
      complete &&= walked.complete;
    }
    note(getDeviceSdr.name, `${records.length} records`);
    return { records, complete };
  }

  return {
    async readRecords(note, signal) {
      const records: SdrRecord[] = [];
      for (const bytes of await readBytes(note, signal)) {
        try {
          records.push(decodeSdrRecord(bytes));
        } catch (error) {
          if (!(error instanceof IpmiDecodeError)) throw error;
          note('sensor data records', `one is left out: ${error.message}`);
        }
      }
      return records;
    },
    async info(note, signal) {
      const info = await repositoryInfo(note, signal);
      if (info !== undefined && info.recordCount > 0) return repositoryStore(info);
      const { count } = await deviceInfo(true, signal);
      const unknown = { version: undefined, freeBytes: undefined, lastAdditionAt: undefined, lastEraseAt: undefined };
      return { source: 'device', recordCount: count, overflowed: false, ...unknown };
    },
  };
}

/** Other words than those of all the records, so that some of them are never taken for all. */
function stampOfSome(stamp: string): string {
  return `some of ${stamp}`;
}

function repositoryStore(info: SdrRepositoryInfo): SensorRecordStore {
  return {
    source: 'repository',
    version: info.version,
    recordCount: info.recordCount,
    // 0xFFFE means "this much or more".
    freeBytes: info.freeBytes === 0xffff ? undefined : info.freeBytes,
    lastAdditionAt: timeOf(info.lastAddition),
    lastEraseAt: timeOf(info.lastErase),
    overflowed: (info.operations & 0x80) !== 0,
  };
}

function hasTimestamps(info: SdrRepositoryInfo | undefined): boolean {
  return timeOf(info?.lastAddition ?? 0) !== undefined || timeOf(info?.lastErase ?? 0) !== undefined;
}

function timeOf(seconds: number): number | undefined {
  return seconds <= lastTimeSinceStart || seconds === unspecifiedTime ? undefined : seconds * 1_000;
}
