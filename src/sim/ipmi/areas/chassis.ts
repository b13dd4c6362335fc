/** Power and identity: what the simplest client asks for. */
import type { ChassisControl, DeviceId } from '../../../protocols/ipmi/index.ts';
import {
  chassisControl,
  getChassisStatus,
  getDeviceId,
  getSystemGuid,
  privilegeLevel,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler, setPower } from '../area.ts';

const deviceId: DeviceId = {
  deviceId: 0x20,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  available: true,
  firmwareMajor: 2,
  firmwareMinor: 0x14,
  ipmiVersion: '2.0',
  additionalSupport: 0xbf,
  manufacturerId: 0x0001_46,
  productId: 0x0a70,
  auxiliaryFirmware: Buffer.of(1, 2, 3, 4),
};

const cycleMs = 1_000;

export function createChassisArea(context: AreaContext): Area {
  const { server, clock, guid } = context;

  const controls: Record<ChassisControl, () => void> = {
    on: () => setPower(server, true),
    off: () => setPower(server, false),
    soft: () => setPower(server, false),
    cycle() {
      setPower(server, false);
      clock.after(cycleMs, () => setPower(server, true));
    },
    reset: () => undefined,
    'diagnostic-interrupt': () => undefined,
  };

  return {
    handlers: [
      handler(getDeviceId, privilegeLevel.user, () => deviceId),
      handler(getSystemGuid, 0, () => ({ guid })),
      handler(getChassisStatus, privilegeLevel.user, () => ({
        powerOn: server.powerOn,
        powerOverload: false,
        powerInterlock: false,
        powerFault: false,
        powerControlFault: false,
        powerRestorePolicy: 'previous',
        lastPowerEvent: server.powerOn ? 0x10 : 0,
        intrusion: false,
        frontPanelLockout: false,
        driveFault: false,
        coolingFault: false,
        identify: 'off',
      })),
      handler(chassisControl, privilegeLevel.operator, ({ control }) => {
        if (control === 'cycle' && !server.powerOn) return { completionCode: 0xd5 };
        controls[control]();
        return {};
      }),
    ],
  };
}
