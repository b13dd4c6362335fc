/**
 * Reads sensor data records one after the other (IPMI v2.0 §33.12, §35.3). Nothing a BMC says of them is trusted: counts,
 * record ids, lengths and the end of the list are wrong on one or another, and every loop has an end.
 */
import type { GetSdrRequest, GetSdrResponse, IpmiCommand, IpmiTarget, NoData } from '../../../protocols/ipmi/index.ts';
import { decodeSdrHeader, IpmiDecodeError, noData, sdrHeaderLength } from '../../../protocols/ipmi/index.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

/** Where records are read from: the repository, or the device's own on one LUN. */
export interface SdrSource {
  get: IpmiCommand<GetSdrRequest, GetSdrResponse>;
  reserve: IpmiCommand<NoData, { reservation: number }>;
  target?: IpmiTarget;
  /** No more than these are read: for a BMC whose list has no end. */
  count?: number;
}

type WalkContext = Pick<IpmiContext, 'peer'> & { client: Pick<IpmiContext['client'], 'ask'> };

const lastRecord = 0xffff;
const allThatIsLeft = 0xff;
/** "Cannot return number of requested data bytes", and what other BMCs say when they mean it. */
const tooMuchCodes: ReadonlySet<number> = new Set([0xca, 0xc7, 0xc8, 0xc9, 0xff]);
const reservationLost = 0xc5;
/** Sizes of partial reads: all the rest of a record, then less and less, down to what any BMC manages. */
const chunkSizes = [0xff, 32, 24, 16, 12, 8, 4];

const most = { records: 4_096, reservationsPerRecord: 5 };

export interface WalkedSdrs {
  /** As bytes, in their order. */
  records: Uint8Array[];
  /** False where the BMC refused something: it may give it the next time. */
  complete: boolean;
}

/** Those the BMC does not give are left out and told in `note`. */
export async function walkSdrs(
  context: WalkContext,
  source: SdrSource,
  note: Note,
  signal?: AbortSignal,
): Promise<WalkedSdrs> {
  const reader = createReader(context, source, signal);
  const records: Uint8Array[] = [];
  let complete = true;
  const seen = new Set<number>();
  const maximum = Math.min(source.count ?? most.records, most.records);
  for (let next = 0; next !== lastRecord && !seen.has(next) && seen.size < maximum; ) {
    seen.add(next);
    const read = await reader(next);
    if ('refused' in read) {
      if (read.next === undefined && seen.size === 1) throw refusedError(context.peer, source.get.name, read.refused);
      note(source.get.name, `record ${next} is left out: ${read.refused.text}`);
      complete = false;
    }
    if (read.record !== undefined) records.push(read.record);
    // Nobody knows what follows a record of which not even the head can be read: it is the last for us.
    if (read.next === undefined) break;
    next = read.next;
  }
  return { records, complete };
}

interface Read {
  record: Uint8Array | undefined;
  next: number | undefined;
}

type ReadResult = Read | (Read & { refused: { completionCode: number; text: string } });

function createReader(context: WalkContext, source: SdrSource, signal?: AbortSignal) {
  const { client } = context;
  let reservation = 0;
  /** Most BMCs give a record whole, which takes one exchange; after the first refusal it is head first, then parts. */
  let whole = true;
  let sizeIndex = 0;

  async function ask(recordId: number, offset: number, length: number) {
    const request = { reservation, recordId, offset, length };
    const answer = await client.ask(source.get, request, signal, source.target);
    return 'value' in answer && answer.value.data.length === 0
      ? { refused: { completionCode: 0xca, text: 'no data came' } }
      : answer;
  }

  async function reserve(): Promise<void> {
    const answer = await client.ask(source.reserve, noData, signal, source.target);
    // Some BMCs have no reservations and want 0 then.
    reservation = 'value' in answer ? answer.value.reservation : 0;
  }

  async function readHead(recordId: number) {
    if (whole) {
      const answer = await ask(recordId, 0, allThatIsLeft);
      if ('value' in answer && answer.value.data.length >= sdrHeaderLength) return answer;
      whole = false;
    }
    let answer = await ask(recordId, 0, sdrHeaderLength);
    if ('refused' in answer && answer.refused.completionCode === reservationLost) {
      await reserve();
      answer = await ask(recordId, 0, sdrHeaderLength);
    }
    return answer;
  }

  return async function readRecord(recordId: number): Promise<ReadResult> {
    const head = await readHead(recordId);
    if ('refused' in head) return { record: undefined, next: undefined, refused: head.refused };
    const next = head.value.nextRecordId;
    let bytes = Buffer.from(head.value.data);
    const total = sdrHeaderLength + lengthOf(bytes);
    if (bytes.length < total && reservation === 0) await reserve();
    for (let reservations = 0; bytes.length < total; ) {
      const length = Math.min(chunkSizes[sizeIndex] ?? 4, total - bytes.length);
      const part = await ask(recordId, bytes.length, length);
      if ('value' in part) {
        bytes = Buffer.concat([bytes, part.value.data]);
        continue;
      }
      const { refused } = part;
      if (refused.completionCode === reservationLost && reservations < most.reservationsPerRecord) {
        // Somebody changed the repository or reserved it too: what was read may be of another record.
        reservations += 1;
        await reserve();
        bytes = bytes.subarray(0, sdrHeaderLength);
      } else if (tooMuchCodes.has(refused.completionCode) && sizeIndex < chunkSizes.length - 1) {
        sizeIndex += 1;
      } else {
        // A length that leads beyond the record is not believed: what came of it may do.
        const record = bytes.length > sdrHeaderLength ? bytes : undefined;
        return { record, next, refused };
      }
    }
    return { record: bytes.subarray(0, total), next };
  };
}

function lengthOf(bytes: Uint8Array): number {
  try {
    return decodeSdrHeader(bytes).length;
  } catch (error) {
    if (error instanceof IpmiDecodeError) return 0;
    throw error;
  }
}
