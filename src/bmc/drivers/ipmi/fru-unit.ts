/** What FRU data say, in plain words. */
import type { DecodedFruImage, FruArea, FruMultiRecord, PowerSupplyRecord } from '../../../protocols/ipmi/index.ts';
import { customFruFields, fruField, manufacturedAt } from '../../../protocols/ipmi/index.ts';
import type { FieldReplaceableUnit, FruRecord, FruTexts } from '../../capabilities/fru.ts';
import { isoSeconds } from './event-entry.ts';

export function toUnit(image: DecodedFruImage): Omit<FieldReplaceableUnit, 'id' | 'name' | 'present' | 'sizeBytes'> {
  const { chassis, board, product } = image;
  const madeAt = board === undefined ? undefined : manufacturedAt(board);
  return {
    ...(chassis !== undefined && { chassis: { type: chassisType(chassis.chassisType), ...textsOf(chassis) } }),
    ...(board !== undefined && {
      board: { ...(madeAt !== undefined && { manufacturedAt: isoSeconds(madeAt) }), ...textsOf(board) },
    }),
    ...(product !== undefined && { product: textsOf(product) }),
    records: image.multiRecords.map(toRecord),
    findings: image.findings,
  };
}

const textFields = [
  'manufacturer',
  'productName',
  'partNumber',
  'version',
  'serialNumber',
  'assetTag',
  'fileId',
] as const;

function textsOf(area: FruArea): FruTexts {
  const texts: FruTexts = { custom: [] };
  for (const name of textFields) {
    const text = trimmed(fruField(area, name)?.text ?? '');
    if (text !== '') texts[name] = text;
  }
  texts.custom = customFruFields(area).map((field) => trimmed(field.text));
  return texts;
}

/** Makers pad fields of a fixed width with spaces, zeros or FFh. */
export function trimmed(text: string): string {
  return text.replace(/[\s\0\u00ff]+$/u, '').replace(/^[\s\0]+/u, '');
}

/** SMBIOS system enclosure types (DSP0134 §7.4.1), from 1. */
const chassisTypes: readonly string[] = [
  'Other|Unknown|Desktop|Low Profile Desktop|Pizza Box|Mini Tower|Tower|Portable|LapTop|Notebook|Hand Held',
  'Docking Station|All in One|Sub Notebook|Space-saving|Lunch Box|Main Server Chassis|Expansion Chassis',
  'SubChassis|Bus Expansion Chassis|Peripheral Chassis|RAID Chassis|Rack Mount Chassis|Sealed-case PC',
  'Multi-system chassis|Compact PCI|Advanced TCA|Blade|Blade Enclosure|Tablet|Convertible|Detachable|IoT Gateway',
  'Embedded PC|Mini PC|Stick PC',
].flatMap((line) => line.split('|'));

function chassisType(type: number): string {
  return chassisTypes[(type & 0x7f) - 1] ?? `type ${type}`;
}

function toRecord(record: FruMultiRecord): FruRecord {
  switch (record.content) {
    case 'power-supply':
      return { type: 'power supply', values: powerSupplyValues(record) };
    case 'dc-output':
      return {
        type: 'DC output',
        values: {
          output: record.outputNumber,
          standby: record.standby,
          nominalVolts: record.nominal / 100,
          maximumNegativeDeviationVolts: record.low / 100,
          maximumPositiveDeviationVolts: record.high / 100,
          rippleMillivolts: record.rippleMillivolts,
          minimumAmperes: record.minimumMilliamperes / 1000,
          maximumAmperes: record.maximumMilliamperes / 1000,
        },
      };
    case 'dc-load':
      return {
        type: 'DC load',
        values: {
          output: record.outputNumber,
          nominalVolts: record.nominal / 100,
          minimumVolts: record.low / 100,
          maximumVolts: record.high / 100,
          rippleMillivolts: record.rippleMillivolts,
          minimumAmperes: record.minimumMilliamperes / 1000,
          maximumAmperes: record.maximumMilliamperes / 1000,
        },
      };
    case 'management-access':
      return { type: 'management access', values: managementAccess(record.subType, record.data) };
    case 'base-compatibility':
    case 'extended-compatibility':
      return {
        type: record.content.replace('-', ' '),
        values: {
          manufacturerId: record.manufacturerId,
          entityId: record.entityId,
          compatibilityBase: record.compatibilityBase,
          codeStart: record.codeStart,
        },
        raw: hex(record.codeMask),
      };
    case 'oem':
      return {
        type: 'OEM',
        values: { recordType: record.recordType, manufacturerId: record.manufacturerId },
        raw: hex(record.data),
      };
    case 'unknown':
      return { type: 'unknown', values: { recordType: record.recordType }, raw: hex(record.data) };
  }
}

const combinedVolts = [12, -12, 5, 3.3];
const unspecifiedByte = 0xff;
const unspecifiedWord = 0xffff;

/** What the specification calls unspecified, and a range of zeros, is left out. */
function powerSupplyValues(record: PowerSupplyRecord): FruRecord['values'] {
  const flag = (bit: number): boolean => (record.flags & bit) !== 0;
  const [firstVolts, secondVolts] = record.combinedVoltages;
  const [low1, high1] = record.inputRange1;
  const [low2, high2] = record.inputRange2;
  const two = low2 !== 0 || high2 !== 0;
  const peakUnspecified = record.peakWatts === 0xfff && record.holdUpSeconds === 0xf;
  return {
    capacityWatts: record.overallCapacityWatts,
    ...(record.peakVoltAmperes !== unspecifiedWord && { peakVoltAmperes: record.peakVoltAmperes }),
    ...(record.inrushAmperes !== unspecifiedByte && {
      inrushAmperes: record.inrushAmperes,
      inrushMilliseconds: record.inrushIntervalMs,
    }),
    inputLowVolts: low1 / 100,
    inputHighVolts: high1 / 100,
    ...(two && { secondInputLowVolts: low2 / 100, secondInputHighVolts: high2 / 100 }),
    inputLowHertz: record.inputFrequencyHz[0],
    inputHighHertz: record.inputFrequencyHz[1],
    dropoutMilliseconds: record.dropoutToleranceMs,
    predictiveFail: flag(0x01),
    powerFactorCorrection: flag(0x02),
    autoswitch: flag(0x04),
    hotSwap: flag(0x08),
    ...(!peakUnspecified && { peakWatts: record.peakWatts, peakHoldUpSeconds: record.holdUpSeconds }),
    ...(record.combinedWatts !== 0 && {
      combinedFirstVolts: combinedVolts[firstVolts] ?? firstVolts,
      combinedSecondVolts: combinedVolts[secondVolts] ?? secondVolts,
      combinedWatts: record.combinedWatts,
    }),
    ...(record.tachometerLimit !== 0 && { failBelowRevolutionsPerSecond: record.tachometerLimit }),
  };
}

const accessKinds = [
  '',
  'systemUrl',
  'systemName',
  'systemPingAddress',
  'componentUrl',
  'componentName',
  'componentPingAddress',
  'systemId',
];

function managementAccess(subType: number, data: Uint8Array): FruRecord['values'] {
  const kind = accessKinds[subType] || `subType${subType}`;
  const textual = subType >= 1 && subType <= 6;
  return { [kind]: textual ? trimmed(Buffer.from(data).toString('latin1')) : hex(data) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
