/** Finds the sensors that events name, in the BMC's sensor data records. */
import type { RecordedSensor, SdrRecord, SystemEventRecord } from '../../../protocols/ipmi/index.ts';
import { convertReading, decodeSelRecord, recordedSensors, unitText } from '../../../protocols/ipmi/index.ts';
import { asAthanorError } from '../../../errors/index.ts';
import type { EventValue } from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import type { FindSensor } from './event-entry.ts';
import type { RawRecord } from './event-log-records.ts';

export interface SensorsContext extends IpmiContext {
  readSdrs(note: Note, signal?: AbortSignal): Promise<SdrRecord[]>;
}

/** Reads the sensor data records only where a record is an event; without them the events keep their numbers. */
export async function sensorFinder(
  context: SensorsContext,
  records: readonly RawRecord[],
  note: Note,
  signal?: AbortSignal,
): Promise<FindSensor> {
  const named = records.some(({ bytes }) => decodeSelRecord(bytes).kind === 'system-event');
  const sensors = named ? await readSensors(context, note, signal) : [];
  const byNumber = Map.groupBy(sensors, ({ sensorNumber }) => sensorNumber);
  return (event) => {
    // The type too: firmware numbers what it reports by itself, and others have the same numbers.
    const sensor = byNumber
      .get(event.sensorNumber)
      ?.find((candidate) => isOwner(candidate, event) && candidate.record.sensorType === event.sensorType);
    if (sensor === undefined) return undefined;
    return { name: sensor.name, convert: (raw) => inUnits(sensor, raw) };
  };
}

async function readSensors(context: SensorsContext, note: Note, signal?: AbortSignal): Promise<RecordedSensor[]> {
  try {
    const sdrs = await context.readSdrs(note, signal);
    return sdrs.flatMap(({ body }) =>
      body.kind === 'full' || body.kind === 'compact' || body.kind === 'event-only' ? recordedSensors(body) : [],
    );
  } catch (thrown) {
    const error = asAthanorError(thrown);
    // The log itself can be read: names are a help, and no reason to fail. A BMC that is silent is one.
    if (error.code !== 'unsupported' && error.code !== 'bmc-refused' && error.code !== 'bmc-protocol') throw error;
    note('sensor data records', `cannot be read, sensors keep their numbers: ${error.message}`);
    return [];
  }
}

/** Sensor records tell the owner as the first byte of an event's generator does: an address, or software with bit 0. */
function isOwner({ owner }: RecordedSensor, { generator }: SystemEventRecord): boolean {
  const first = generator.kind === 'software' ? (generator.id << 1) | 1 : generator.address;
  return owner.address === first;
}

function inUnits({ record }: RecordedSensor, raw: number): EventValue | undefined {
  if (record.kind !== 'full') return undefined;
  const value = convertReading(raw, record);
  return value === undefined ? undefined : { value, unit: unitText(record.units) };
}
