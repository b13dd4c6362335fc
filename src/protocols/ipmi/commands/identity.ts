/** Commands that tell which device this is (IPMI v2.0 §20.1, §20.8, §22.14). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData } from '../command.ts';

export interface DeviceId {
  deviceId: number;
  deviceRevision: number;
  providesDeviceSdrs: boolean;
  /** False while the device updates its firmware or initialises itself. */
  available: boolean;
  firmwareMajor: number;
  /** The byte as it came. Meant as BCD, so 0x08 in major 9 is read `9.08`; some vendors put plain hex there. */
  firmwareMinor: number;
  ipmiVersion: string;
  /** Additional device support, bit 0 sensors … bit 7 chassis. */
  additionalSupport: number;
  /** IANA enterprise number, 20 bits. */
  manufacturerId: number;
  productId: number;
  /** Four bytes, or empty where the device leaves them out. */
  auxiliaryFirmware: Uint8Array;
}

/** §20.1. */
export const getDeviceId: IpmiCommand<NoData, DeviceId> = {
  name: 'Get Device ID',
  networkFunction: networkFunction.application,
  command: 0x01,
  idempotent: true,
  ...noRequestData,
  encodeResponse(response) {
    const [ipmiMajor = '0', ipmiMinor = '0'] = response.ipmiVersion.split('.');
    const bytes = Buffer.alloc(11);
    bytes[0] = response.deviceId;
    bytes[1] = (response.providesDeviceSdrs ? 0x80 : 0) | (response.deviceRevision & 0x0f);
    bytes[2] = (response.available ? 0 : 0x80) | (response.firmwareMajor & 0x7f);
    bytes[3] = response.firmwareMinor;
    bytes[4] = (Number(ipmiMinor) << 4) | Number(ipmiMajor);
    bytes[5] = response.additionalSupport;
    bytes.writeUIntLE(response.manufacturerId & 0x0fffff, 6, 3);
    bytes.writeUInt16LE(response.productId, 9);
    return Buffer.concat([bytes, response.auxiliaryFirmware]);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Device ID response');
    const deviceId = reader.byte();
    const revision = reader.byte();
    const major = reader.byte();
    const minor = reader.byte();
    const version = reader.byte();
    return {
      deviceId,
      deviceRevision: revision & 0x0f,
      providesDeviceSdrs: (revision & 0x80) !== 0,
      available: (major & 0x80) === 0,
      firmwareMajor: major & 0x7f,
      firmwareMinor: minor,
      ipmiVersion: `${version & 0x0f}.${version >> 4}`,
      additionalSupport: reader.byte(),
      manufacturerId: reader.uint24LittleEndian() & 0x0fffff,
      productId: reader.uint16LittleEndian(),
      auxiliaryFirmware: reader.remaining >= 4 ? reader.bytes(4) : Buffer.alloc(0),
    };
  },
};

/** Sixteen bytes as they came over the wire; in which order is anybody's guess (see the BMC room's guid.ts). */
export interface Guid {
  guid: Uint8Array;
}

/** §22.14: the GUID of the system that the BMC manages. */
export const getSystemGuid = guidCommand('Get System GUID', 0x37);

/** §20.8: the GUID of the management controller itself. */
export const getDeviceGuid = guidCommand('Get Device GUID', 0x08);

function guidCommand(name: string, command: number): IpmiCommand<NoData, Guid> {
  return {
    name,
    networkFunction: networkFunction.application,
    command,
    idempotent: true,
    ...noRequestData,
    encodeResponse: ({ guid }) => Buffer.from(guid),
    decodeResponse: (bytes) => ({ guid: new ByteReader(bytes, `${name} response`).bytes(16) }),
  };
}
