/** What ipmitool and FreeIPMI print of inventory, and what they would have to print of ours. */
import type { FieldReplaceableUnit, FruTexts } from '../capabilities/fru.ts';

/** Label and value, in the order of the label's letters; empty values are left out. */
export type Listing = readonly (readonly [label: string, value: string])[];

/** `ipmitool -v fru print`, by FRU id; the fields, without the records behind them. */
export function parseFruPrint(printed: string): Map<string, Listing> {
  return blocks(printed, /^FRU Device Description : .*\(ID (\d+)\)$/m, (line) => {
    const [, label = '', value = ''] = /^ (\S.*?) *: (.*)$/.exec(line) ?? [];
    return [label, label === 'Board Mfg Date' ? isoTime(value) : value];
  });
}

/** `ipmi-fru`, by FRU id: all that it prints, an error included. */
export function parseIpmiFru(printed: string): Map<string, Listing> {
  const byHex = blocks(printed, /^FRU Inventory Device: .*\(ID ([0-9A-F]{2})h\)$/m, (line) => {
    const [, label = '', value = ''] = /^ {2}FRU (.*?): (.*)$/.exec(line) ?? [];
    if (label === 'Board Manufacturing Date/Time') return [label, isoTime(`${value.replace(' - ', ' ')} UTC`)];
    return [label, label === 'FRU File ID' ? withoutZeros(value) : value];
  });
  return new Map([...byHex].map(([id, listing]) => [String(Number.parseInt(id, 16)), listing]));
}

export function asFruPrint(unit: FieldReplaceableUnit): Listing {
  const { chassis, board, product } = unit;
  const names = { manufacturer: 'Mfg', productName: 'Product', partNumber: 'Part Number', serialNumber: 'Serial' };
  return tidy([
    ...(chassis === undefined ? [] : [['Chassis Type', chassis.type] as const]),
    ...labelled('Chassis', chassis, { ...names, custom: 'Extra' }),
    ['Board Mfg Date', board?.manufacturedAt ?? ''],
    ...labelled('Board', board, { ...names, fileId: 'FRU ID', custom: 'Extra' }),
    ...labelled('Product', product, {
      ...names,
      manufacturer: 'Manufacturer',
      productName: 'Name',
      version: 'Version',
      assetTag: 'Asset Tag',
      fileId: 'FRU ID',
      custom: 'Extra',
    }),
  ]);
}

export function asIpmiFru(unit: FieldReplaceableUnit): Listing {
  const { chassis, board, product } = unit;
  const numbers = { partNumber: 'Part Number', serialNumber: 'Serial Number', custom: 'Custom Info' };
  return tidy([
    ...(chassis === undefined ? [] : [['Chassis Type', chassis.type] as const]),
    ...labelled('Chassis', chassis, numbers),
    ['Board Manufacturing Date/Time', board?.manufacturedAt ?? ''],
    ...labelled('Board', board, { ...numbers, manufacturer: 'Manufacturer', productName: 'Product Name' }),
    ...labelled('Product', product, {
      ...numbers,
      manufacturer: 'Manufacturer Name',
      productName: 'Name',
      partNumber: 'Part/Model Number',
      version: 'Version',
      assetTag: 'Asset Tag',
    }),
    ['FRU File ID', withoutZeros(board?.fileId ?? '')],
    ['FRU File ID', withoutZeros(product?.fileId ?? '')],
    ...unit.records.flatMap(({ type, values }) => recordLines(type, values)),
  ]);
}

/** What FreeIPMI calls each value of a record, with what it multiplies it by and its unit. */
const recordLabels: Record<string, Record<string, readonly [label: string, factor: number, unit: string]>> = {
  'power supply': {
    capacityWatts: ['Power Supply Overall Capacity', 1, ' Watts'],
    peakVoltAmperes: ['Power Supply Peak VA', 1, ' VA'],
    inrushAmperes: ['Power Supply Max Inrush Current', 1, ' Amps'],
    inrushMilliseconds: ['Power Supply Inrush Interval', 1, ' ms'],
    inputLowVolts: ['Power Supply Low End Input Voltage 1', 1000, ' mV'],
    inputHighVolts: ['Power Supply High End Input Voltage 1', 1000, ' mV'],
    secondInputLowVolts: ['Power Supply Low End Input Voltage 2', 1000, ' mV'],
    secondInputHighVolts: ['Power Supply High End Input Voltage 2', 1000, ' mV'],
    inputLowHertz: ['Power Supply Low End Acceptable Frequency', 1, ' Hz'],
    inputHighHertz: ['Power Supply High End Acceptable Frequency', 1, ' Hz'],
    dropoutMilliseconds: ['Power Supply A/C Dropout Tolerance', 1, ' ms'],
    predictiveFail: ['Power Supply Predictive Fail Support', 1, ''],
    powerFactorCorrection: ['Power Supply Power Factor Correction Supported', 1, ''],
    autoswitch: ['Power Supply AutoSwitch Supprt', 1, ''],
    hotSwap: ['Power Supply Hot Swap Support', 1, ''],
    peakWatts: ['Power Supply Peak Capacity', 1, ' Watts'],
    peakHoldUpSeconds: ['Power Supply Hold Up Time', 1, ' s'],
    combinedFirstVolts: ['Power Supply Voltage 1', 1, 'V'],
    combinedSecondVolts: ['Power Supply Voltage 2', 1, 'V'],
    combinedWatts: ['Power Supply Total Combined Wattage', 1, ' Watts'],
  },
  'DC output': {
    output: ['DC Output Output Number', 1, ''],
    standby: ['DC Output Output on Standy', 1, ''],
    nominalVolts: ['DC Output Nominal Voltage', 1000, ' mV'],
    maximumNegativeDeviationVolts: ['DC Output Maximum Negative Voltage Deviation', 1000, ' mV'],
    maximumPositiveDeviationVolts: ['DC Output Maximum Positive Voltage Deviation', 1000, ' mV'],
    rippleMillivolts: ['DC Output Ripple and Noise pk-pk', 1, ' mV'],
    minimumAmperes: ['DC Output Minimum Current Draw', 1000, ' mA'],
    maximumAmperes: ['DC Output Maximum Current Draw', 1000, ' mA'],
  },
};

function recordLines(type: string, values: Record<string, string | number | boolean>): [string, string][] {
  return Object.entries(values).map(([name, value]) => {
    const [label, factor, unit] = recordLabels[type]?.[name] ?? [name, 1, ''];
    if (typeof value === 'boolean') return [label, value ? 'Yes' : 'No'];
    return [label, typeof value === 'number' ? `${Math.round(value * factor * 10) / 10}${unit}` : value];
  });
}

function labelled(part: string, texts: FruTexts | undefined, labels: Partial<Record<keyof FruTexts, string>>) {
  if (texts === undefined) return [];
  return Object.entries(labels).flatMap(([name, label]) => {
    const value = Object.entries(texts).find(([key]) => key === name)?.[1] ?? '';
    const all: string[] = Array.isArray(value) ? value : [String(value)];
    return all.map((text): [string, string] => [`${part} ${label}`, text]);
  });
}

function blocks(printed: string, heading: RegExp, read: (line: string) => [string, string]): Map<string, Listing> {
  const [, ...parts] = printed.split(heading);
  const found = new Map<string, Listing>();
  for (let index = 0; index + 1 < parts.length; index += 2) {
    found.set(parts[index] ?? '', tidy((parts[index + 1] ?? '').split('\n').map(read)));
  }
  return found;
}

function tidy(listing: Listing): Listing {
  return listing
    .map(([label, value]) => [label, value.trim()] as const)
    .filter(([label, value]) => label !== '' && value !== '')
    .toSorted((left, right) => left.join('\0').localeCompare(right.join('\0')));
}

function isoTime(printed: string): string {
  const time = Date.parse(printed);
  // `Unspecified`.
  return Number.isNaN(time) ? '' : new Date(time).toISOString().replace('.000Z', 'Z');
}

/** FreeIPMI prints a binary field as a number. */
function withoutZeros(text: string): string {
  return text.replace(/^0+(?=[0-9a-f]$)/, '');
}
