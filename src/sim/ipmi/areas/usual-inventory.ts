/** The inventory of a server: its board, a power supply, and a card whose texts are encoded in every way there is. */
import type { FruArea, FruImage, FruText } from '../../../protocols/ipmi/index.ts';
import { encodeFruImage } from '../../../protocols/ipmi/index.ts';

const latin = (text: string): FruText => ({ encoding: 'latin-1', text });

/** Minutes since 1996-01-01 of 2024-05-06 07:08 UTC. */
const madeAt = (Date.UTC(2024, 4, 6, 7, 8) - Date.UTC(1996, 0, 1)) / 60_000;

const english = { chassisType: 0, manufacturedMinutes: 0, language: 25 };

const chassis: FruArea = {
  ...english,
  name: 'chassis',
  language: 0,
  chassisType: 23,
  fields: [latin('CH-2U-24'), latin('CHS0001234'), latin('rack unit 12')],
};

const board: FruArea = {
  ...english,
  name: 'board',
  manufacturedMinutes: madeAt,
  fields: [latin('Athanor Works'), latin('Furnace Board'), latin('BRD0005678'), latin('FB-100-A'), latin('1.2')],
};

const product: FruArea = {
  ...english,
  name: 'product',
  // The asset tag has room to grow: its width is kept.
  fields: [
    latin('Athanor Works'),
    latin('Furnace 2U'),
    latin('F2U-100'),
    latin('B1'),
    latin('PRD0009876'),
    latin('unassigned      '),
    latin('1.2'),
  ],
};

const powerSupply: FruImage = {
  product: {
    ...english,
    name: 'product',
    fields: [
      latin('Bellows'),
      latin('PSU 1600'),
      latin('PS-1600'),
      latin('02'),
      latin('PSU0000042'),
      latin(''),
      latin(''),
    ],
  },
  multiRecords: [
    {
      recordType: 0x00,
      content: 'power-supply',
      overallCapacityWatts: 1600,
      peakVoltAmperes: 1800,
      inrushAmperes: 30,
      inrushIntervalMs: 5,
      inputRange1: [9000, 14000],
      inputRange2: [18000, 26400],
      inputFrequencyHz: [47, 63],
      dropoutToleranceMs: 12,
      flags: 0x0f,
      peakWatts: 2000,
      holdUpSeconds: 3,
      combinedVoltages: [0, 2],
      combinedWatts: 1600,
      tachometerLimit: 10,
    },
    {
      recordType: 0x01,
      content: 'dc-output',
      outputNumber: 1,
      standby: true,
      nominal: 1200,
      low: 1140,
      high: 1260,
      rippleMillivolts: 120,
      minimumMilliamperes: 0,
      maximumMilliamperes: 3500,
    },
    {
      recordType: 0x02,
      content: 'dc-load',
      outputNumber: 2,
      standby: false,
      nominal: 500,
      low: 475,
      high: 525,
      rippleMillivolts: 50,
      minimumMilliamperes: 100,
      maximumMilliamperes: 2000,
    },
    { recordType: 0x03, content: 'management-access', subType: 1, data: Buffer.from('https://bmc.example/') },
    {
      recordType: 0x04,
      content: 'base-compatibility',
      manufacturerId: 674,
      entityId: 10,
      compatibilityBase: 1,
      codeStart: 2,
      codeMask: Buffer.of(0xff),
    },
    { recordType: 0xc0, content: 'oem', manufacturerId: 674, data: Buffer.from('0102030405', 'hex') },
  ],
};

const card: FruImage = {
  board: {
    ...english,
    name: 'board',
    // Russian: text is two bytes a character, but for the serial number.
    language: 110,
    fields: [
      { encoding: 'ucs-2', text: 'Горн' },
      { encoding: 'six-bit', text: 'CARD 10G' },
      latin('CRD0000007'),
      { encoding: 'bcd-plus', text: '123-456.78' },
      { encoding: 'binary', text: 'deadbeef' },
      { encoding: 'six-bit', text: 'REV-A_01' },
    ],
  },
  multiRecords: [],
};

/** By FRU device id. */
export function usualInventory(): [number, Buffer][] {
  return [
    [0, encodeFruImage({ chassis, board, product, multiRecords: [] }, 512)],
    [1, encodeFruImage(powerSupply, 256)],
    [2, encodeFruImage(card, 256)],
    // Never written: as an EEPROM comes from its maker.
    [3, Buffer.alloc(128, 0xff)],
  ];
}
