/** Temperatures and their limits over DCMI (DCMI v1.5 §6.5.2, §6.7). */
import { AthanorError } from '../../../errors/index.ts';
import {
  getDcmiSensorInfo,
  getDcmiTemperatures,
  getThermalLimit,
  setThermalLimit,
} from '../../../protocols/ipmi/index.ts';
import type {
  SensorPlaces,
  TemperatureLimit,
  TemperatureReading,
  ThermalReading,
} from '../../capabilities/data-centre.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { readBack, sendChange } from './send-change.ts';

/** DCMI entity ids (Table 6-27). */
const places = [
  { place: 'inlet', entity: 0x40 },
  { place: 'processor', entity: 0x41 },
  { place: 'baseboard', entity: 0x42 },
] as const;
const temperature = 0x01;

/** What a BMC refuses for one place is left out; when it refuses all, so does this. */
export async function readThermal(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<ThermalReading> {
  const temperatures: TemperatureReading[] = [];
  const limits: TemperatureLimit[] = [];
  for (const { place, entity } of places) {
    const found = await readAll(context, entity, note, signal);
    temperatures.push(...found.map((reading) => ({ place, ...reading })));
    for (const { instance } of found) {
      const answer = await context.client.ask(getThermalLimit, { entity, instance }, signal);
      if ('value' in answer) limits.push({ place, instance, ...answer.value });
      else note(getThermalLimit.name, `${place} ${instance}: ${answer.refused.text}`);
    }
  }
  note(getDcmiTemperatures.name, `${temperatures.length} temperatures`);
  return { temperatures, limits };
}

async function readAll(context: IpmiContext, entity: number, note: Note, signal?: AbortSignal) {
  const found: { celsius: number; instance: number }[] = [];
  let firstInstance = 1;
  for (let total = 1; found.length < total; ) {
    const request = { sensorType: temperature, entity, instance: 0, firstInstance };
    const answer = await context.client.ask(getDcmiTemperatures, request, signal);
    if ('refused' in answer) {
      if (entity === places[0].entity) throw refusedError(context.peer, getDcmiTemperatures.name, answer.refused);
      note(getDcmiTemperatures.name, answer.refused.text);
      break;
    }
    total = answer.value.totalInstances;
    const last = answer.value.temperatures.at(-1);
    found.push(...answer.value.temperatures);
    // An answer that brings nothing new would be asked for for ever.
    if (last === undefined || last.instance < firstInstance) break;
    firstInstance = last.instance + 1;
  }
  return found;
}

export async function writeTemperatureLimit(
  context: IpmiContext,
  limit: TemperatureLimit,
  note: Note,
  signal?: AbortSignal,
): Promise<TemperatureLimit> {
  const entity = places.find(({ place }) => place === limit.place)?.entity ?? 0x40;
  const what = `the temperature limit of ${limit.celsius} degrees C`;
  await sendChange(context, setThermalLimit, { entity, ...limit }, what, { signal });
  note(setThermalLimit.name, 'confirmed by the BMC');
  const at = { entity, instance: limit.instance };
  const seen = await readBack(context, what, () => context.client.run(getThermalLimit, at, signal));
  if (seen.celsius === limit.celsius && seen.powerOff === limit.powerOff) {
    return { place: limit.place, instance: limit.instance, ...seen };
  }
  throw new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed the temperature limit, but ${seen.celsius} degrees C are read back`,
  );
}

export async function readSensorPlaces(context: IpmiContext, note: Note, signal?: AbortSignal) {
  const all: SensorPlaces[] = [];
  for (const { place, entity } of places) {
    const request = { sensorType: temperature, entity, instance: 0, firstInstance: 1 };
    const info = await context.client.run(getDcmiSensorInfo, request, signal);
    note(getDcmiSensorInfo.name, `${place}: ${info.totalInstances}`);
    all.push({ place, sensors: info.totalInstances, recordIds: info.recordIds });
  }
  return all;
}
