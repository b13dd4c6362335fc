/**
 * How vendors let fans be run: raw commands that no standard names, as data, each with where it is documented. An entry
 * applies where the BMC's manufacturer (and product, where the entry names some) is its own; nothing is tried elsewhere.
 */
export interface FanControl {
  /** Names the entry in answers. */
  name: string;
  manufacturerIds: readonly number[];
  /** All products when left out. */
  products?: (productId: number) => boolean;
  source: string;
  networkFunction: number;
  /** By the vendor's word; `automatic` is always among them. Empty bytes: it needs no command of its own. */
  modes: Readonly<Record<string, RawBytes>>;
  /** Reads the mode: its request, and which byte of the answer tells it. */
  readMode?: RawBytes & { codes: Readonly<Record<number, string>> };
  /** What is sent before a duty, so that the BMC leaves the fans alone. */
  manualMode: RawBytes;
  zones: readonly { zone: string; number: number }[];
  setDuty(zone: number, percent: number): RawBytes;
  /** The request, and how its one byte becomes percent. */
  readDuty?: { request(zone: number): RawBytes; percent(byte: number): number };
}

export interface RawBytes {
  command: number;
  data: readonly number[];
}

/** Product ids of the X9 generation begin with 0x06 (FreeIPMI's ipmi-product-id tables: X9SCL 1572 … X9SCM-iiF 1600). */
const isX9 = (productId: number) => productId >= 1572 && productId <= 1603;
const supermicro = [10876, 47488];
const mode = (code: number): RawBytes => ({ command: 0x45, data: [0x01, code] });

const supermicroModes = {
  name: 'supermicro',
  manufacturerIds: supermicro,
  networkFunction: 0x30,
  modes: {
    automatic: mode(2),
    standard: mode(0),
    full: mode(1),
    optimal: mode(2),
    pue: mode(3),
    'heavy-io': mode(4),
  },
  readMode: {
    command: 0x45,
    data: [0x00],
    codes: { 0: 'standard', 1: 'full', 2: 'optimal', 3: 'pue', 4: 'heavy-io' },
  },
  manualMode: mode(1),
  zones: [
    { zone: 'cpu', number: 0 },
    { zone: 'peripheral', number: 1 },
  ],
} as const;

/** The first that fits is used. */
export const fanControls: readonly FanControl[] = [
  {
    ...supermicroModes,
    name: 'supermicro-x9',
    products: isX9,
    source:
      'https://forums.servethehome.com/index.php?threads/supermicro-x9-x10-x11-fan-speed-control.10059/ (X9 counts a duty to 255)',
    setDuty: (zone, percent) => ({ command: 0x70, data: [0x66, 0x01, zone, Math.round((percent * 255) / 100)] }),
    readDuty: {
      request: (zone) => ({ command: 0x70, data: [0x66, 0x00, zone] }),
      percent: (byte) => Math.round((byte * 100) / 255),
    },
  },
  {
    ...supermicroModes,
    name: 'supermicro',
    source:
      'https://forums.servethehome.com/index.php?threads/supermicro-x9-x10-x11-fan-speed-control.10059/ and https://github.com/petersulyok/smfc (X10 to X13)',
    setDuty: (zone, percent) => ({ command: 0x70, data: [0x66, 0x01, zone, percent] }),
    readDuty: {
      request: (zone) => ({ command: 0x70, data: [0x66, 0x00, zone] }),
      percent: (byte) => Math.min(byte, 100),
    },
  },
  {
    name: 'dell-idrac',
    manufacturerIds: [674],
    source: 'https://github.com/tigerblue77/Dell_iDRAC_fan_controller_Docker (iDRAC 7 and 8; iDRAC 9 below 3.34)',
    networkFunction: 0x30,
    modes: {
      automatic: { command: 0x30, data: [0x01, 0x01] },
      manual: { command: 0x30, data: [0x01, 0x00] },
    },
    manualMode: { command: 0x30, data: [0x01, 0x00] },
    zones: [{ zone: 'all', number: 0xff }],
    setDuty: (zone, percent) => ({ command: 0x30, data: [0x02, zone, percent] }),
  },
];

/** Undefined: nobody has documented how the fans of this BMC are run. */
export function findFanControl(manufacturerId: number, productId: number): FanControl | undefined {
  return fanControls.find(
    ({ manufacturerIds, products }) =>
      manufacturerIds.includes(manufacturerId) && (products === undefined || products(productId)),
  );
}
