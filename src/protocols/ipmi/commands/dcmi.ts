/**
 * Data Center Manageability Interface (DCMI v1.5 §6): group extension 0xDC, which is the first byte of every request and
 * of every answer.
 */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noData } from '../command.ts';

export * from '../dcmi/capabilities.ts';

const definingBody = 0xdc;

interface Codec<Value> {
  encode: (value: Value) => Uint8Array;
  decode: (reader: ByteReader) => Value;
}

interface Shape<Request, Response> {
  name: string;
  command: number;
  idempotent?: boolean;
  completionCodes?: Readonly<Record<number, string>>;
  request: Codec<Request>;
  response: Codec<Response>;
}

function dcmiCommand<Request, Response>(shape: Shape<Request, Response>): IpmiCommand<Request, Response> {
  const { name, command, request, response } = shape;
  const framed = (data: Uint8Array) => Buffer.concat([Buffer.of(definingBody), data]);
  const opened = (bytes: Uint8Array, what: string) => {
    const reader = new ByteReader(bytes, what);
    reader.expect(reader.byte(), definingBody, 'defining body');
    return reader;
  };
  return {
    name,
    networkFunction: networkFunction.groupExtension,
    command,
    idempotent: shape.idempotent ?? true,
    ...(shape.completionCodes !== undefined && { completionCodes: shape.completionCodes }),
    encodeRequest: (value) => framed(request.encode(value)),
    decodeRequest: (bytes) => request.decode(opened(bytes, `${name} request`)),
    encodeResponse: (value) => framed(response.encode(value)),
    decodeResponse: (bytes) => response.decode(opened(bytes, `${name} response`)),
  };
}

const nothing: Codec<NoData> = { encode: () => Buffer.alloc(0), decode: () => noData };

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value, 0);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

export interface DcmiCapabilitiesInfo {
  /** E.g. `1.5`. */
  conformance: string;
  revision: number;
  /** By parameter, see dcmi/capabilities.ts. */
  data: Uint8Array;
}

/** §6.1.1. */
export const getDcmiCapabilities = dcmiCommand<{ parameter: number }, DcmiCapabilitiesInfo>({
  name: 'Get DCMI Capabilities Info',
  command: 0x01,
  request: { encode: ({ parameter }) => Buffer.of(parameter), decode: (reader) => ({ parameter: reader.byte() }) },
  response: {
    encode({ conformance, revision, data }) {
      const [major = '1', minor = '0'] = conformance.split('.');
      return Buffer.concat([Buffer.of(Number(major), Number(minor), revision), data]);
    },
    decode: (reader) => ({
      conformance: `${reader.byte()}.${reader.byte()}`,
      revision: reader.byte(),
      data: reader.rest(),
    }),
  },
});

export interface PowerReadingRequest {
  /** 1 statistics since the BMC began, 2 over one of the rolling averages of the enhanced statistics. */
  mode: number;
  /** Mode 2: the byte of the rolling average, see `encodePeriod`. */
  period: number;
}

export interface PowerReading {
  currentWatts: number;
  minimumWatts: number;
  maximumWatts: number;
  averageWatts: number;
  /** Seconds since 1970. */
  timestamp: number;
  periodMs: number;
  /** Whether power is measured at all now. */
  active: boolean;
}

/** §6.6.1. */
export const getPowerReading = dcmiCommand<PowerReadingRequest, PowerReading>({
  name: 'Get Power Reading',
  command: 0x02,
  request: {
    encode: ({ mode, period }) => Buffer.of(mode, period, 0),
    decode: (reader) => ({ mode: reader.byte(), period: reader.byte() }),
  },
  response: {
    encode: (reading) =>
      Buffer.concat([
        uint16(reading.currentWatts),
        uint16(reading.minimumWatts),
        uint16(reading.maximumWatts),
        uint16(reading.averageWatts),
        uint32(reading.timestamp),
        uint32(reading.periodMs),
        Buffer.of(reading.active ? 0x40 : 0),
      ]),
    decode: (reader) => ({
      currentWatts: reader.uint16LittleEndian(),
      minimumWatts: reader.uint16LittleEndian(),
      maximumWatts: reader.uint16LittleEndian(),
      averageWatts: reader.uint16LittleEndian(),
      timestamp: reader.uint32LittleEndian(),
      periodMs: reader.uint32LittleEndian(),
      active: (reader.byte() & 0x40) !== 0,
    }),
  },
});

/** What happens when the limit cannot be kept; 0x02–0x10 belong to vendors. */
export const powerLimitExceptions = { none: 0x00, 'hard-power-off': 0x01, 'log-only': 0x11 } as const;

export interface PowerLimit {
  exception: number;
  watts: number;
  /** The longest that the limit may be exceeded before the exception. */
  correctionMs: number;
  samplingSeconds: number;
}

/** §6.6.2. */
export const getPowerLimit = dcmiCommand<NoData, PowerLimit>({
  name: 'Get Power Limit',
  command: 0x03,
  completionCodes: { 0x80: 'No Active Set Power Limit' },
  request: { encode: () => Buffer.of(0, 0), decode: () => noData },
  response: limitCodec(2),
});

/** §6.6.3. */
export const setPowerLimit = dcmiCommand<PowerLimit, NoData>({
  name: 'Set Power Limit',
  command: 0x04,
  completionCodes: {
    0x84: 'Power Limit out of range',
    0x85: 'Correction Time out of range',
    0x89: 'Statistics Reporting Period out of range',
  },
  request: limitCodec(3),
  response: nothing,
});

function limitCodec(reserved: number): Codec<PowerLimit> {
  return {
    encode: ({ exception, watts, correctionMs, samplingSeconds }) =>
      Buffer.concat([
        Buffer.alloc(reserved),
        Buffer.of(exception),
        uint16(watts),
        uint32(correctionMs),
        Buffer.alloc(2),
        uint16(samplingSeconds),
      ]),
    decode(reader) {
      reader.skip(reserved);
      const exception = reader.byte();
      const watts = reader.uint16LittleEndian();
      const correctionMs = reader.uint32LittleEndian();
      reader.skip(2);
      return { exception, watts, correctionMs, samplingSeconds: reader.uint16LittleEndian() };
    },
  };
}

/** §6.6.4. */
export const activatePowerLimit = dcmiCommand<{ active: boolean }, NoData>({
  name: 'Activate/Deactivate Power Limit',
  command: 0x05,
  request: {
    encode: ({ active }) => Buffer.of(active ? 1 : 0, 0, 0),
    decode: (reader) => ({ active: (reader.byte() & 0x01) !== 0 }),
  },
  response: nothing,
});

export interface TextRange {
  offset: number;
  /** At most 16. */
  count: number;
}

export interface TextPart {
  totalLength: number;
  data: Uint8Array;
}

const readRange: Codec<TextRange> = {
  encode: ({ offset, count }) => Buffer.of(offset, count),
  decode: (reader) => ({ offset: reader.byte(), count: reader.byte() }),
};
const textPart: Codec<TextPart> = {
  encode: ({ totalLength, data }) => Buffer.concat([Buffer.of(totalLength), data]),
  decode: (reader) => ({ totalLength: reader.byte(), data: reader.rest() }),
};
const writePart: Codec<{ offset: number; data: Uint8Array }> = {
  encode: ({ offset, data }) => Buffer.concat([Buffer.of(offset, data.length), data]),
  decode(reader) {
    const offset = reader.byte();
    return { offset, data: reader.bytes(reader.byte()) };
  },
};
const totalLength: Codec<{ totalLength: number }> = {
  encode: (value) => Buffer.of(value.totalLength),
  decode: (reader) => ({ totalLength: reader.byte() }),
};

const assetTagCodes = {
  0x80: 'Encoding type in FRU is binary/unspecified',
  0x81: 'Encoding type in FRU is BCD Plus',
  0x82: 'Encoding type in FRU is 6-bit ASCII Packed',
  0x83: 'Encoding type in FRU is set to ASCII+Latin1, but language code is not set to English',
};

/** §6.4.2. */
export const getAssetTag = dcmiCommand({
  name: 'Get Asset Tag',
  command: 0x06,
  completionCodes: assetTagCodes,
  request: readRange,
  response: textPart,
});

/** §6.4.3. */
export const setAssetTag = dcmiCommand({
  name: 'Set Asset Tag',
  command: 0x08,
  completionCodes: assetTagCodes,
  request: writePart,
  response: totalLength,
});

/** §6.4.6.1: by habit the host name of the BMC, 64 bytes with a zero at its end. */
export const getManagementControllerIdentifier = dcmiCommand({
  name: 'Get Management Controller Identifier String',
  command: 0x09,
  request: readRange,
  response: textPart,
});

/** §6.4.6.2. */
export const setManagementControllerIdentifier = dcmiCommand({
  name: 'Set Management Controller Identifier String',
  command: 0x0a,
  request: writePart,
  response: totalLength,
});

export interface EntityRange {
  /** 0x01 temperature. */
  sensorType: number;
  /** 0x40 inlet, 0x41 processor, 0x42 baseboard. */
  entity: number;
  /** 0: all instances, from `firstInstance` on. */
  instance: number;
  firstInstance: number;
}

const entityRange: Codec<EntityRange> = {
  encode: ({ sensorType, entity, instance, firstInstance }) => Buffer.of(sensorType, entity, instance, firstInstance),
  decode: (reader) => ({
    sensorType: reader.byte(),
    entity: reader.byte(),
    instance: reader.byte(),
    firstInstance: reader.byte(),
  }),
};

/** §6.5.2. */
export const getDcmiSensorInfo = dcmiCommand<EntityRange, { totalInstances: number; recordIds: number[] }>({
  name: 'Get DCMI Sensor Info',
  command: 0x07,
  request: entityRange,
  response: {
    encode: (info) =>
      Buffer.concat([Buffer.of(info.totalInstances, info.recordIds.length), ...info.recordIds.map(uint16)]),
    decode(reader) {
      const totalInstances = reader.byte();
      const recordIds = Array.from({ length: reader.byte() }, () => reader.uint16LittleEndian());
      return { totalInstances, recordIds };
    },
  },
});

export interface DcmiTemperature {
  /** −127 to 127. */
  celsius: number;
  instance: number;
}

/** §6.7.3. */
export const getDcmiTemperatures = dcmiCommand<
  EntityRange,
  { totalInstances: number; temperatures: DcmiTemperature[] }
>({
  name: 'Get Temperature Readings',
  command: 0x10,
  request: entityRange,
  response: {
    encode: ({ totalInstances, temperatures }) =>
      Buffer.from([
        totalInstances,
        temperatures.length,
        ...temperatures.flatMap(({ celsius, instance }) => [
          (celsius < 0 ? 0x80 : 0) | (Math.abs(celsius) & 0x7f),
          instance,
        ]),
      ]),
    decode(reader) {
      const totalInstances = reader.byte();
      const temperatures = Array.from({ length: reader.byte() }, () => {
        const byte = reader.byte();
        const size = byte & 0x7f;
        return { celsius: (byte & 0x80) !== 0 && size !== 0 ? -size : size, instance: reader.byte() };
      });
      return { totalInstances, temperatures };
    },
  },
});

export interface ThermalLimit {
  powerOff: boolean;
  log: boolean;
  celsius: number;
  exceptionSeconds: number;
}

const thermalLimit: Codec<ThermalLimit> = {
  encode: ({ powerOff, log, celsius, exceptionSeconds }) =>
    Buffer.concat([Buffer.of((powerOff ? 0x40 : 0) | (log ? 0x20 : 0), celsius), uint16(exceptionSeconds)]),
  decode(reader) {
    const actions = reader.byte();
    return {
      powerOff: (actions & 0x40) !== 0,
      log: (actions & 0x20) !== 0,
      celsius: reader.byte(),
      exceptionSeconds: reader.uint16LittleEndian(),
    };
  },
};

interface Entity {
  entity: number;
  instance: number;
}

/** §6.7.2. */
export const getThermalLimit = dcmiCommand<Entity, ThermalLimit>({
  name: 'Get Thermal Limit',
  command: 0x0c,
  request: {
    encode: ({ entity, instance }) => Buffer.of(entity, instance),
    decode: (reader) => ({ entity: reader.byte(), instance: reader.byte() }),
  },
  response: thermalLimit,
});

/** §6.7.1. */
export const setThermalLimit = dcmiCommand<Entity & ThermalLimit, NoData>({
  name: 'Set Thermal Limit',
  command: 0x0b,
  request: {
    encode: (request) => Buffer.concat([Buffer.of(request.entity, request.instance), thermalLimit.encode(request)]),
    decode: (reader) => ({ entity: reader.byte(), instance: reader.byte(), ...thermalLimit.decode(reader) }),
  },
  response: nothing,
});
