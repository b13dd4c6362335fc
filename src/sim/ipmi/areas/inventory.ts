/** FRU inventory areas (IPMI v2.0 §34). */
import { getFruInventoryAreaInfo, privilegeLevel, readFruData, writeFruData } from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler, Refused } from '../area.ts';
import { handler } from '../area.ts';
import { usualInventory } from './usual-inventory.ts';

/** A FRU device; all of it may be changed at any time. */
export interface SimulatedFru {
  bytes: Buffer;
  /** Offsets and counts are in words of two bytes. */
  byWords: boolean;
  /** Bytes that one answer holds; more are refused with 0xCA. */
  maximumRead: number;
  /** Bytes that one write takes; more are refused with 0xC7. */
  maximumWrite: number;
  /** So many requests are still refused with 0x81. */
  busy: number;
  /** Writes are refused from this byte on. */
  protectedFrom: number;
  /** Writes are confirmed and nothing happens. */
  ignoresWrites: boolean;
}

export interface InventoryArea extends Area {
  /** By FRU device id. */
  readonly devices: Map<number, SimulatedFru>;
}

const { user, operator } = privilegeLevel;
const refusal = {
  notPresent: { completionCode: 0xcb },
  busy: { completionCode: 0x81 },
  protected: { completionCode: 0x80 },
  tooManyBytes: { completionCode: 0xca },
  length: { completionCode: 0xc7 },
  range: { completionCode: 0xc9 },
} as const satisfies Record<string, Refused>;

export function simulatedFru(bytes: Buffer): SimulatedFru {
  return {
    bytes,
    byWords: false,
    maximumRead: 0xff,
    maximumWrite: 0xff,
    busy: 0,
    protectedFrom: bytes.length,
    ignoresWrites: false,
  };
}

export function createInventoryArea(_context: AreaContext): InventoryArea {
  const devices = new Map(usualInventory().map(([id, bytes]) => [id, simulatedFru(bytes)]));
  return { handlers: fruHandlers(devices), devices };
}

/** What any controller that has FRU devices answers about them, a satellite too. */
export function fruHandlers(devices: ReadonlyMap<number, SimulatedFru>): CommandHandler[] {
  function ready(id: number): SimulatedFru | Refused {
    const device = devices.get(id);
    if (device === undefined) return refusal.notPresent;
    if (device.busy === 0) return device;
    device.busy -= 1;
    return refusal.busy;
  }

  return [
    handler(getFruInventoryAreaInfo, user, ({ device: id }) => {
      const device = devices.get(id);
      if (device === undefined) return refusal.notPresent;
      return { sizeBytes: device.bytes.length, byWords: device.byWords };
    }),
    handler(readFruData, user, (request) => {
      const device = ready(request.device);
      if ('completionCode' in device) return device;
      const unit = device.byWords ? 2 : 1;
      const offset = request.offset * unit;
      const count = request.count * unit;
      if (count > device.maximumRead) return refusal.tooManyBytes;
      if (offset >= device.bytes.length) return refusal.range;
      const data = device.bytes.subarray(offset, offset + count);
      return { count: data.length / unit, data };
    }),
    handler(writeFruData, operator, (request) => {
      const device = ready(request.device);
      if ('completionCode' in device) return device;
      const unit = device.byWords ? 2 : 1;
      const offset = request.offset * unit;
      const { data } = request;
      if (data.length > device.maximumWrite) return refusal.length;
      if (offset + data.length > device.bytes.length) return refusal.range;
      if (offset + data.length > device.protectedFrom) return refusal.protected;
      if (!device.ignoresWrites) device.bytes.set(data, offset);
      return { count: data.length / unit };
    }),
  ];
}
