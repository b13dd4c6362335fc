/** Chassis commands (IPMI v2.0 §28.2, §28.3). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export type PowerRestorePolicy = 'always-off' | 'previous' | 'always-on' | 'unknown';

export interface ChassisStatus {
  powerOn: boolean;
  powerOverload: boolean;
  powerInterlock: boolean;
  powerFault: boolean;
  powerControlFault: boolean;
  powerRestorePolicy: PowerRestorePolicy;
  /** Last power event, bits as in the specification: 0 AC failed, 1 overload, 2 interlock, 3 fault, 4 on by command. */
  lastPowerEvent: number;
  intrusion: boolean;
  frontPanelLockout: boolean;
  driveFault: boolean;
  coolingFault: boolean;
  /** Undefined where the BMC does not say. */
  identify: 'off' | 'temporary' | 'indefinite' | undefined;
}

const policies: readonly PowerRestorePolicy[] = ['always-off', 'previous', 'always-on', 'unknown'];
const identifyStates = ['off', 'temporary', 'indefinite'] as const;

/** §28.2. */
export const getChassisStatus: IpmiCommand<NoData, ChassisStatus> = {
  name: 'Get Chassis Status',
  networkFunction: networkFunction.chassis,
  command: 0x01,
  idempotent: true,
  ...noRequestData,
  encodeResponse(status) {
    const identify = status.identify === undefined ? 0 : 0x40 | (identifyStates.indexOf(status.identify) << 4);
    return Buffer.of(
      (policies.indexOf(status.powerRestorePolicy) << 5) |
        (status.powerControlFault ? 0x10 : 0) |
        (status.powerFault ? 0x08 : 0) |
        (status.powerInterlock ? 0x04 : 0) |
        (status.powerOverload ? 0x02 : 0) |
        (status.powerOn ? 0x01 : 0),
      status.lastPowerEvent,
      identify |
        (status.coolingFault ? 0x08 : 0) |
        (status.driveFault ? 0x04 : 0) |
        (status.frontPanelLockout ? 0x02 : 0) |
        (status.intrusion ? 0x01 : 0),
    );
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Chassis Status response');
    const power = reader.byte();
    const lastPowerEvent = reader.byte();
    const miscellaneous = reader.byte();
    return {
      powerOn: (power & 0x01) !== 0,
      powerOverload: (power & 0x02) !== 0,
      powerInterlock: (power & 0x04) !== 0,
      powerFault: (power & 0x08) !== 0,
      powerControlFault: (power & 0x10) !== 0,
      powerRestorePolicy: policies[(power >> 5) & 0x03] ?? 'unknown',
      lastPowerEvent,
      intrusion: (miscellaneous & 0x01) !== 0,
      frontPanelLockout: (miscellaneous & 0x02) !== 0,
      driveFault: (miscellaneous & 0x04) !== 0,
      coolingFault: (miscellaneous & 0x08) !== 0,
      identify: (miscellaneous & 0x40) === 0 ? undefined : identifyStates[(miscellaneous >> 4) & 0x03],
    };
  },
};

/** §28.3, Table 28-4. */
export const chassisControls = { off: 0, on: 1, cycle: 2, reset: 3, 'diagnostic-interrupt': 4, soft: 5 } as const;

export type ChassisControl = keyof typeof chassisControls;

/** Not idempotent: a second cycle or reset is a second outage, and a late `on` may undo an `off`. */
export const chassisControl: IpmiCommand<{ control: ChassisControl }, NoData> = {
  name: 'Chassis Control',
  networkFunction: networkFunction.chassis,
  command: 0x02,
  idempotent: false,
  encodeRequest: ({ control }) => Buffer.of(chassisControls[control]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Chassis Control request');
    const code = reader.byte() & 0x0f;
    const found = Object.entries(chassisControls).find(([, number]) => number === code)?.[0];
    return { control: isControl(found) ? found : reader.fail(`unknown control ${code}`) };
  },
  ...noResponseData,
};

function isControl(name: string | undefined): name is ChassisControl {
  return name !== undefined && Object.hasOwn(chassisControls, name);
}
