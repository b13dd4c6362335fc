/** Power, chassis and the BMC itself. */
import type { ChassisControl, ChassisStatus, DeviceId, FrontPanelButtons } from '../../../protocols/ipmi/index.ts';
import {
  chassisControl,
  chassisIdentify,
  coldReset,
  getAcpiPowerState,
  getChassisCapabilities,
  getChassisStatus,
  getDeviceGuid,
  getDeviceId,
  getPowerOnHours,
  getSelfTestResults,
  getSystemGuid,
  getSystemRestartCause,
  privilegeLevel,
  selfTestPassed,
  setFrontPanelEnables,
  setPowerCycleInterval,
  setPowerRestorePolicy,
  warmReset,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler, setPower } from '../area.ts';

const softShutdownMs = 300;
const coldResetMs = 3_000;
const warmResetMs = 2_500;
/** The answer to a reset still leaves. */
const beforeResetMs = 20;
const defaultIdentifySeconds = 15;
const notInPresentState = { completionCode: 0xd5 };
/** Indexes of the restart causes (IPMI v2.0 Table 28-11). */
const byChassisControl = 1;

export interface ChassisArea extends Area {
  /** What it says of itself; may be written at any time. */
  deviceId: DeviceId;
  /** Diagnostic interrupts that the machine has had. */
  diagnosticInterrupts(): number;
  resets(): number;
}

export function createChassisArea(context: AreaContext): ChassisArea {
  const { server, clock, guid } = context;
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
  const bootedAt = clock.now();
  let policy: ChassisStatus['powerRestorePolicy'] = 'previous';
  let identify: 'off' | 'temporary' | 'indefinite' = 'off';
  let endIdentify: (() => void) | undefined;
  let buttons: FrontPanelButtons = {
    standbyDisabled: false,
    diagnosticInterruptDisabled: false,
    resetDisabled: false,
    powerOffDisabled: false,
  };
  let cycleSeconds = 1;
  let restart = { cause: 0, channel: 0 };
  let diagnosticInterrupts = 0;
  let resets = 0;

  const controls: Record<ChassisControl, () => void> = {
    on: () => setPower(server, true),
    off: () => setPower(server, false),
    soft: () => void clock.after(softShutdownMs, () => setPower(server, false)),
    cycle() {
      setPower(server, false);
      clock.after(cycleSeconds * 1_000, () => setPower(server, true));
    },
    reset: () => (resets += 1),
    'diagnostic-interrupt': () => (diagnosticInterrupts += 1),
  };
  const needsPower: ReadonlySet<ChassisControl> = new Set(['cycle', 'reset', 'diagnostic-interrupt']);

  return {
    deviceId,
    diagnosticInterrupts: () => diagnosticInterrupts,
    resets: () => resets,
    handlers: [
      handler(getDeviceId, privilegeLevel.user, () => deviceId),
      handler(getSystemGuid, 0, () => ({ guid })),
      handler(getDeviceGuid, privilegeLevel.user, () => ({ guid })),
      handler(getSelfTestResults, privilegeLevel.user, () => ({ result: selfTestPassed, detail: 0 })),
      handler(coldReset, privilegeLevel.administrator, () => {
        clock.after(beforeResetMs, () => context.reset(coldResetMs));
        return {};
      }),
      handler(warmReset, privilegeLevel.administrator, () => {
        clock.after(beforeResetMs, () => context.reset(warmResetMs));
        return {};
      }),
      handler(getAcpiPowerState, privilegeLevel.user, () => ({
        system: server.powerOn ? 0x00 : 0x05,
        device: server.powerOn ? 0x00 : 0x03,
      })),
      handler(getChassisCapabilities, privilegeLevel.user, () => ({
        providesIntrusion: true,
        providesFrontPanelLockout: true,
        providesDiagnosticInterrupt: true,
        providesPowerInterlock: false,
        fruDeviceAddress: 0x20,
        sdrDeviceAddress: 0x20,
        selDeviceAddress: 0x20,
        systemManagementDeviceAddress: 0x20,
        bridgeDeviceAddress: 0x20,
      })),
      handler(getChassisStatus, privilegeLevel.user, () => ({
        powerOn: server.powerOn,
        powerOverload: false,
        powerInterlock: false,
        powerFault: false,
        powerControlFault: false,
        powerRestorePolicy: policy,
        lastPowerEvent: server.powerOn ? 0x10 : 0,
        intrusion: false,
        frontPanelLockout: Object.values(buttons).some(Boolean),
        driveFault: false,
        coolingFault: false,
        identify,
      })),
      handler(chassisControl, privilegeLevel.operator, ({ control }, { channel }) => {
        if (needsPower.has(control) && !server.powerOn) return notInPresentState;
        if (control !== 'off' && control !== 'soft') restart = { cause: byChassisControl, channel };
        controls[control]();
        return {};
      }),
      handler(chassisIdentify, privilegeLevel.operator, ({ seconds = defaultIdentifySeconds, indefinitely }) => {
        endIdentify?.();
        identify = indefinitely ? 'indefinite' : seconds === 0 ? 'off' : 'temporary';
        endIdentify = identify === 'temporary' ? clock.after(seconds * 1_000, () => (identify = 'off')) : undefined;
        return {};
      }),
      handler(setPowerRestorePolicy, privilegeLevel.operator, ({ policy: wanted }) => {
        if (wanted !== 'no-change') policy = wanted;
        return { alwaysOff: true, previous: true, alwaysOn: true };
      }),
      handler(setPowerCycleInterval, privilegeLevel.administrator, ({ seconds }) => {
        cycleSeconds = seconds;
        return {};
      }),
      handler(setFrontPanelEnables, privilegeLevel.administrator, (wanted) => {
        buttons = wanted;
        return {};
      }),
      handler(getSystemRestartCause, privilegeLevel.user, () => restart),
      handler(getPowerOnHours, privilegeLevel.user, () => ({
        minutesPerCount: 60,
        count: 12_345 + Math.floor((clock.now() - bootedAt) / 3_600_000),
      })),
    ],
  };
}
