/** A power meter with a limit, an asset tag, a name and three temperatures. */
import type { PowerLimit, ThermalLimit } from '../../../protocols/ipmi/index.ts';
import {
  activatePowerLimit,
  dcmiCapability,
  encodeDcmiSupported,
  encodeEnhancedPowerStatistics,
  getAssetTag,
  getDcmiCapabilities,
  getDcmiSensorInfo,
  getDcmiTemperatures,
  getManagementControllerIdentifier,
  getPowerLimit,
  getPowerReading,
  getThermalLimit,
  privilegeLevel,
  setAssetTag,
  setManagementControllerIdentifier,
  setPowerLimit,
  setThermalLimit,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler } from '../area.ts';

const outOfRange = { completionCode: 0xc9 };
const noActiveLimit = { completionCode: 0x80 };
const limitOutOfRange = { completionCode: 0x84 };
const longestText = 64;
const maximumWatts = 800;
/** By entity: inlet, two processors, baseboard. */
const temperatures: Readonly<Record<number, readonly number[]>> = { 0x40: [22], 0x41: [46, 49], 0x42: [31] };

const capabilities: Readonly<Record<number, Uint8Array>> = {
  [dcmiCapability.supported]: encodeDcmiSupported({ platform: 0x0f, optional: 0x01, access: 0x39 }),
  [dcmiCapability.platformAttributes]: Buffer.of(0x00, 0x02, 0x07, 0x00, 0x05),
  [dcmiCapability.powerManagementAttributes]: Buffer.of(0x40, 0x00),
  [dcmiCapability.accessAttributes]: Buffer.of(0x01, 0xff, 0xff),
  [dcmiCapability.enhancedPowerStatistics]: encodeEnhancedPowerStatistics([5, 60, 3_600]),
};

export function createDcmiArea(context: AreaContext): Area {
  const { server, clock } = context;
  const startedAt = clock.now();
  const thermal = new Map<string, ThermalLimit>();
  let limit: PowerLimit | undefined;
  let active = false;
  let assetTag: Buffer = Buffer.from('RACK-07-U12');
  let controllerName: Buffer = Buffer.from('bmc-sim\0');

  const watts = () => Math.min(server.powerOn ? 240 : 12, active && limit !== undefined ? limit.watts : Infinity);
  const part = (text: Buffer, { offset, count }: { offset: number; count: number }) =>
    offset > text.length || count > 16
      ? outOfRange
      : { totalLength: text.length, data: text.subarray(offset, offset + count) };
  const written = (text: Buffer, { offset, data }: { offset: number; data: Uint8Array }) =>
    Buffer.concat([text.subarray(0, offset), data]);

  return {
    handlers: [
      handler(getDcmiCapabilities, 0, ({ parameter }) => {
        const data = capabilities[parameter];
        return data === undefined ? outOfRange : { conformance: '1.5', revision: 2, data };
      }),
      handler(getPowerReading, privilegeLevel.user, () => ({
        currentWatts: watts(),
        minimumWatts: 11,
        maximumWatts: 412,
        averageWatts: 198,
        timestamp: Math.floor(clock.now() / 1_000),
        periodMs: Math.max(1_000, Math.floor(clock.now() - startedAt)),
        active: true,
      })),
      // A limit that is set and does not hold is told together with the code.
      handler(getPowerLimit, privilegeLevel.user, () => {
        if (limit === undefined) return noActiveLimit;
        return active ? limit : { ...noActiveLimit, data: getPowerLimit.encodeResponse(limit) };
      }),
      handler(setPowerLimit, privilegeLevel.operator, (wanted) => {
        if (wanted.watts > maximumWatts) return limitOutOfRange;
        limit = wanted;
        return {};
      }),
      handler(activatePowerLimit, privilegeLevel.operator, (wanted) => {
        if (limit === undefined) return { completionCode: 0xd5 };
        active = wanted.active;
        return {};
      }),
      handler(getAssetTag, privilegeLevel.user, (range) => part(assetTag, range)),
      handler(setAssetTag, privilegeLevel.operator, (request) => {
        if (request.offset + request.data.length >= longestText) return outOfRange;
        assetTag = written(assetTag, request);
        return { totalLength: assetTag.length };
      }),
      handler(getManagementControllerIdentifier, privilegeLevel.user, (range) => part(controllerName, range)),
      handler(setManagementControllerIdentifier, privilegeLevel.administrator, (request) => {
        if (request.offset + request.data.length > longestText) return outOfRange;
        controllerName = written(controllerName, request);
        return { totalLength: controllerName.length };
      }),
      handler(getDcmiSensorInfo, privilegeLevel.operator, ({ entity }) => {
        const found = temperatures[entity] ?? [];
        return { totalInstances: found.length, recordIds: found.map((_, index) => (entity << 4) + index) };
      }),
      handler(getDcmiTemperatures, privilegeLevel.operator, ({ entity, instance, firstInstance }) => {
        const all = (temperatures[entity] ?? []).map((celsius, index) => ({ celsius, instance: index + 1 }));
        const wanted = all.filter((one) =>
          instance === 0 ? one.instance >= firstInstance : one.instance === instance,
        );
        return { totalInstances: all.length, temperatures: wanted.slice(0, 8) };
      }),
      handler(
        getThermalLimit,
        privilegeLevel.operator,
        ({ entity, instance }) =>
          thermal.get(`${entity}/${instance}`) ?? { powerOff: false, log: true, celsius: 75, exceptionSeconds: 60 },
      ),
      handler(setThermalLimit, privilegeLevel.operator, ({ entity, instance, ...wanted }) => {
        thermal.set(`${entity}/${instance}`, wanted);
        return {};
      }),
    ],
  };
}
