/**
 * How vendors let fans be run: raw commands that no standard names, as data, each with where it is documented. An entry
 * applies where the BMC's manufacturer (and product, where the entry names some) is its own; nothing is tried elsewhere.
 */
import type { QuirkName } from './table.ts';

export interface FanControl {
  /** Names the entry in answers. */
  name: string;
  manufacturerIds: readonly number[];
  /** All products when left out. */
  products?: (productId: number) => boolean;
  /** By hand: applies whatever the BMC says it is. */
  quirk?: QuirkName;
  source: string;
  networkFunction: number;
  /** By the vendor's word; `automatic` is always among them. Empty bytes: it needs no command of its own. */
  modes: Readonly<Record<string, RawBytes>>;
  /** Reads the mode: its request, and which byte of the answer tells it. */
  readMode?: RawBytes & { codes: Readonly<Record<number, string>> };
  /** What is sent before a duty, so that the BMC leaves the fans alone. */
  manualMode: RawBytes;
  /** Modes that are nothing but a fixed duty. */
  percentOfModes?: Readonly<Record<string, number>>;
  zones: readonly { zone: string; number: number }[];
  setDuty(zone: number, percent: number): RawBytes;
  /** The request, and how its one byte becomes percent. */
  readDuty?: { request(zone: number): RawBytes; percent(byte: number): number };
}

export interface RawBytes {
  command: number;
  data: readonly number[];
}

/**
 * X9 boards and older ones have other commands or none, and FreeIPMI's list of product ids (ipmi-product-id-spec.h) has all
 * of X7 to X9 below 0x0800 and H8 where these are. No list tells all of X10 and later: what is between is not touched
 * unless it is named by hand.
 */
const olderBoards: readonly number[] = [4520, 43025, 43707, 48145];
const isX10OrLater = (productId: number) => productId >= 0x0800 && !olderBoards.includes(productId);
const fullPercent = 100;
const mode = (code: number): RawBytes => ({ command: 0x45, data: [0x01, code] });

const supermicroModes = {
  name: 'supermicro',
  // 47488 as well, by which only boards before X10 were seen, is left out.
  manufacturerIds: [10876],
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
  percentOfModes: { full: fullPercent },
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
    // Boards differ, and nothing they tell says how: never by itself. On an X9SCM the commands of X10 are refused (0xCC).
    manufacturerIds: [],
    quirk: 'supermicrox9fans',
    source:
      'https://github.com/petersulyok/smfc (GenericX9Platform: registers 0x10 and on, counted to 255) and https://forums.servethehome.com/index.php?threads/supermicro-x9-x10-x11-fan-speed-control.10059/page-8',
    setDuty: (zone, percent) => ({
      command: 0x91,
      data: [0x5a, 0x03, 0x10 + zone, Math.round((percent * 255) / fullPercent)],
    }),
    readDuty: {
      request: (zone) => ({ command: 0x90, data: [0x5a, 0x03, 0x10 + zone, 0x01] }),
      percent: (byte) => Math.round((byte * fullPercent) / 255),
    },
  },
  {
    ...supermicroModes,
    name: 'supermicro',
    products: isX10OrLater,
    quirk: 'supermicrofans',
    source:
      'https://forums.servethehome.com/index.php?threads/supermicro-x9-x10-x11-fan-speed-control.10059/ and https://github.com/petersulyok/smfc (GenericPlatform: X10 to X13, in percent)',
    setDuty: (zone, percent) => ({ command: 0x70, data: [0x66, 0x01, zone, percent] }),
    readDuty: {
      request: (zone) => ({ command: 0x70, data: [0x66, 0x00, zone] }),
      // Over 100 it is no percent, which the driver refuses.
      percent: (byte) => byte,
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

/**
 * Undefined: nobody has documented how the fans of this BMC are run.
 * @param named whether a quirk was named for this BMC by hand
 */
export function findFanControl(
  manufacturerId: number,
  productId: number,
  named: (quirk: QuirkName) => boolean = () => false,
): FanControl | undefined {
  const byHand = fanControls.find(({ quirk }) => quirk !== undefined && named(quirk));
  return (
    byHand ??
    fanControls.find(
      ({ manufacturerIds, products }) =>
        manufacturerIds.includes(manufacturerId) && (products === undefined || products(productId)),
    )
  );
}
