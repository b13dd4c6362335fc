/** The management controller's own health and life: self test, reset, ACPI power state (IPMI v2.0 §20.2–20.7). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export interface SelfTestResult {
  /** 0x55 passed, 0x56 not implemented, 0x57 corrupted or inaccessible data or devices, 0x58 fatal hardware error. */
  result: number;
  /** For 0x57 bits, see `selfTestFaults`; for 0x58 and others the vendor's own. */
  detail: number;
}

export const selfTestPassed = 0x55;
export const selfTestNotImplemented = 0x56;
export const selfTestCorrupted = 0x57;

/** The bits of `detail` for 0x57, bit 0 first, in the specification's words. */
export const selfTestFaults = [
  'controller operational firmware corrupted',
  "controller update 'boot block' firmware corrupted",
  'Internal Use Area of BMC FRU corrupted',
  'SDR Repository empty',
  'IPMB signal lines do not respond',
  'Cannot access BMC FRU device',
  'Cannot access SDR Repository',
  'Cannot access SEL device',
] as const;

/** §20.4. */
export const getSelfTestResults: IpmiCommand<NoData, SelfTestResult> = {
  name: 'Get Self Test Results',
  networkFunction: networkFunction.application,
  command: 0x04,
  idempotent: true,
  ...noRequestData,
  encodeResponse: ({ result, detail }) => Buffer.of(result, detail),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Self Test Results response');
    return { result: reader.byte(), detail: reader.byte() };
  },
};

/** §20.2. The answer often never comes: the BMC is gone by then. */
export const coldReset: IpmiCommand<NoData, NoData> = {
  name: 'Cold Reset',
  networkFunction: networkFunction.application,
  command: 0x02,
  idempotent: false,
  ...noRequestData,
  ...noResponseData,
};

/** §20.3. */
export const warmReset: IpmiCommand<NoData, NoData> = {
  name: 'Warm Reset',
  networkFunction: networkFunction.application,
  command: 0x03,
  idempotent: false,
  ...noRequestData,
  ...noResponseData,
};

/** §20.6, Table 20-8: system power states by number. */
export const acpiSystemStates: Readonly<Record<number, string>> = {
  0x00: 'S0/G0 working',
  0x01: 'S1 hardware context maintained',
  0x02: 'S2 processor context lost',
  0x03: 'S3 processor and hardware context lost',
  0x04: 'S4 non-volatile sleep',
  0x05: 'S5/G2 soft off',
  0x06: 'S4/S5 soft off, cannot differentiate',
  0x07: 'G3 mechanical off',
  0x08: 'sleeping, cannot differentiate S1 to S3',
  0x09: 'G1 sleeping, cannot differentiate S1 to S4',
  0x0a: 'S5 entered by override',
  0x20: 'legacy on',
  0x21: 'legacy soft off',
  0x2a: 'unknown',
};

export const acpiDeviceStates: Readonly<Record<number, string>> = {
  0x00: 'D0',
  0x01: 'D1',
  0x02: 'D2',
  0x03: 'D3',
  0x2a: 'unknown',
};

export interface AcpiPowerState {
  system: number;
  device: number;
}

/** §20.7. */
export const getAcpiPowerState: IpmiCommand<NoData, AcpiPowerState> = {
  name: 'Get ACPI Power State',
  networkFunction: networkFunction.application,
  command: 0x07,
  idempotent: true,
  ...noRequestData,
  encodeResponse: ({ system, device }) => Buffer.of(system & 0x7f, device & 0x7f),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get ACPI Power State response');
    return { system: reader.byte() & 0x7f, device: reader.byte() & 0x7f };
  },
};
