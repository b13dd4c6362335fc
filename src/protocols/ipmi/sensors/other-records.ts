/** Records that describe no sensor: locators (10h–12h), entity associations (08h, 09h) and OEM (C0h), IPMI v2.0 §43.4–§43.12. */
import { ByteReader } from '../byte-reader.ts';
import type { IdString } from './id-string.ts';
import { readIdString, writeIdString } from './id-string.ts';

interface Located {
  deviceType: number;
  deviceTypeModifier: number;
  entityId: number;
  entityInstance: number;
  oem: number;
  id: IdString;
}

/** §43.7, type 10h. */
export interface GenericDeviceLocatorRecord extends Located {
  kind: 'generic-device-locator';
  accessAddress: number;
  slaveAddress: number;
  channel: number;
  lun: number;
  bus: number;
  addressSpan: number;
}

/** §43.8, type 11h. */
export interface FruDeviceLocatorRecord extends Located {
  kind: 'fru-device-locator';
  accessAddress: number;
  /** The FRU device id where it is logical, else its slave address. */
  fruId: number;
  logical: boolean;
  lun: number;
  bus: number;
  channel: number;
}

/** §43.9, type 12h. */
export interface ControllerLocatorRecord {
  kind: 'controller-locator';
  slaveAddress: number;
  channel: number;
  /** Power state notification and what is initialised. */
  initialization: number;
  /** Bits: 7 chassis, 6 bridge, 5 event generator, 4 event receiver, 3 FRU, 2 SEL, 1 SDR repository, 0 sensors. */
  capabilities: number;
  entityId: number;
  entityInstance: number;
  oem: number;
  id: IdString;
}

export interface AssociatedEntity {
  /** Of the controller, in a device-relative record; 0 otherwise. */
  address: number;
  channel: number;
  entityId: number;
  entityInstance: number;
}

/** §43.4 type 08h, and §43.5 type 09h, which is device-relative. */
export interface EntityAssociationRecord {
  kind: 'entity-association';
  deviceRelative: boolean;
  container: AssociatedEntity;
  /** Bits: 7 ranges instead of a list, 6 linked to another record, 5 the presence sensor can always be read. */
  flags: number;
  /** Always four; an entity id of 0 is none. */
  contained: readonly AssociatedEntity[];
}

/** §43.12, type C0h. */
export interface OemRecord {
  kind: 'oem';
  manufacturerId: number;
  data: Uint8Array;
}

export function decodeGenericDeviceLocator(body: Uint8Array): GenericDeviceLocatorRecord {
  const reader = new ByteReader(body, 'generic device locator record');
  const [access, slave, path, span] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  reader.skip(1);
  return {
    kind: 'generic-device-locator',
    accessAddress: access & 0xfe,
    slaveAddress: slave & 0xfe,
    channel: ((slave & 0x01) << 3) | (path >> 5),
    lun: (path >> 3) & 0x03,
    bus: path & 0x07,
    addressSpan: span & 0x07,
    ...readLocated(reader),
  };
}

export function encodeGenericDeviceLocator(record: GenericDeviceLocatorRecord): Buffer {
  const slave = record.slaveAddress | (record.channel >> 3);
  const path = ((record.channel & 0x07) << 5) | (record.lun << 3) | record.bus;
  return Buffer.concat([Buffer.of(record.accessAddress, slave, path, record.addressSpan, 0), writeLocated(record)]);
}

export function decodeFruDeviceLocator(body: Uint8Array): FruDeviceLocatorRecord {
  const reader = new ByteReader(body, 'FRU device locator record');
  const [accessAddress, fruId, path, channel] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  reader.skip(1);
  return {
    kind: 'fru-device-locator',
    accessAddress: accessAddress & 0xfe,
    fruId,
    logical: (path & 0x80) !== 0,
    lun: (path >> 3) & 0x03,
    bus: path & 0x07,
    channel: channel >> 4,
    ...readLocated(reader),
  };
}

export function encodeFruDeviceLocator(record: FruDeviceLocatorRecord): Buffer {
  const path = (record.logical ? 0x80 : 0) | (record.lun << 3) | record.bus;
  const bytes = Buffer.of(record.accessAddress, record.fruId, path, record.channel << 4, 0);
  return Buffer.concat([bytes, writeLocated(record)]);
}

export function decodeControllerLocator(body: Uint8Array): ControllerLocatorRecord {
  const reader = new ByteReader(body, 'management controller device locator record');
  const [slaveAddress, channel, initialization, capabilities] = [
    reader.byte() & 0xfe,
    reader.byte() & 0x0f,
    reader.byte(),
    reader.byte(),
  ];
  reader.skip(3);
  const [entityId, entityInstance, oem] = [reader.byte(), reader.byte(), reader.byte()];
  const entity = { entityId, entityInstance, oem, id: readIdString(reader) };
  return { kind: 'controller-locator', slaveAddress, channel, initialization, capabilities, ...entity };
}

export function encodeControllerLocator(record: ControllerLocatorRecord): Buffer {
  const first = [record.slaveAddress, record.channel, record.initialization, record.capabilities];
  const bytes = Buffer.of(...first, 0, 0, 0, record.entityId, record.entityInstance, record.oem);
  return Buffer.concat([bytes, writeIdString(record.id)]);
}

export function decodeEntityAssociation(deviceRelative: boolean, body: Uint8Array): EntityAssociationRecord {
  const reader = new ByteReader(body, 'entity association record');
  const [entityId, entityInstance] = [reader.byte(), reader.byte()];
  const at = deviceRelative ? { address: reader.byte(), channel: reader.byte() } : { address: 0, channel: 0 };
  const flags = reader.byte();
  const contained = [0, 1, 2, 3].map(() => {
    const place = deviceRelative ? { address: reader.byte(), channel: reader.byte() } : { address: 0, channel: 0 };
    return { ...place, entityId: reader.byte(), entityInstance: reader.byte() };
  });
  const container = { ...at, entityId, entityInstance };
  return { kind: 'entity-association', deviceRelative, container, flags, contained };
}

export function encodeEntityAssociation({
  deviceRelative,
  container,
  flags,
  contained,
}: EntityAssociationRecord): Buffer {
  const place = ({ address, channel }: AssociatedEntity) => (deviceRelative ? [address, channel] : []);
  return Buffer.of(
    container.entityId,
    container.entityInstance,
    ...place(container),
    flags,
    ...contained.flatMap((entity) => [...place(entity), entity.entityId, entity.entityInstance]),
    ...(deviceRelative ? [0, 0, 0, 0, 0, 0] : []),
  );
}

export function decodeOemRecord(body: Uint8Array): OemRecord {
  const reader = new ByteReader(body, 'OEM record');
  return { kind: 'oem', manufacturerId: reader.uint24LittleEndian(), data: reader.rest() };
}

export function encodeOemRecord({ manufacturerId, data }: OemRecord): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(manufacturerId, 0, 3);
  return Buffer.concat([bytes, data]);
}

function readLocated(reader: ByteReader): Located {
  const [deviceType, deviceTypeModifier, entityId] = [reader.byte(), reader.byte(), reader.byte()];
  const [entityInstance, oem] = [reader.byte(), reader.byte()];
  return { deviceType, deviceTypeModifier, entityId, entityInstance, oem, id: readIdString(reader) };
}

function writeLocated(record: Located): Buffer {
  const { deviceType, deviceTypeModifier, entityId, entityInstance, oem } = record;
  return Buffer.concat([
    Buffer.of(deviceType, deviceTypeModifier, entityId, entityInstance, oem),
    writeIdString(record.id),
  ]);
}
