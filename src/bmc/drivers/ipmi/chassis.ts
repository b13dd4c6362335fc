/** The chassis over IPMI: what it reports, remembers and is set to (IPMI v2.0 §28). */
import { AthanorError } from '../../../errors/index.ts';
import type { ChassisStatus } from '../../../protocols/ipmi/index.ts';
import {
  getChassisCapabilities,
  getChassisStatus,
  getPowerOnHours,
  getSystemRestartCause,
  noData,
  restartCauses,
  setFrontPanelEnables,
  setPowerCycleInterval,
  setPowerRestorePolicy,
} from '../../../protocols/ipmi/index.ts';
import type {
  ChassisCapability,
  ChassisReading,
  DisabledButtons,
  RestorePolicy,
  RestorePolicyReading,
} from '../../capabilities/chassis.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { readBack, sendChange } from './send-change.ts';

/** The bits of the last power event, 0 first. */
const powerEvents = [
  'mains power failed',
  'power overload',
  'power interlock activated',
  'power fault',
  'switched on by command',
];

export function ipmiChassis(context: IpmiContext): ChassisCapability {
  const { client, lane, clock } = context;
  const about = { driver: 'ipmi', capability: 'chassis', clock } as const;
  return {
    status: (options = {}) => settle(about, (note) => readStatus(context, note, options.signal)),
    restartCause: (options = {}) =>
      settle(about, async (note) => {
        const { cause, channel } = await client.run(getSystemRestartCause, noData, options.signal);
        const text = restartCauses[cause] ?? `reserved cause ${cause}`;
        note(getSystemRestartCause.name, `${text}, by channel ${channel}`);
        return { cause: text, channel };
      }),
    powerOnTime: (options = {}) =>
      settle(about, async (note) => {
        const { minutesPerCount, count } = await client.run(getPowerOnHours, noData, options.signal);
        note(getPowerOnHours.name, `${count} counts of ${minutesPerCount} min`);
        return { hours: Math.floor((count * minutesPerCount) / 60), count, minutesPerCount };
      }),
    getRestorePolicy: (options = {}) => settle(about, (note) => readPolicy(context, note, options.signal)),
    setRestorePolicy: (policy, options = {}) =>
      settle(about, (note) => lane.change(() => setPolicy(context, policy, note, options.signal), options.signal)),
    setPowerCycleInterval: (seconds, options = {}) =>
      settle(about, (note) =>
        lane.change(async () => {
          await sendChange(context, setPowerCycleInterval, { seconds }, `a power cycle of ${seconds} s`, options);
          note(setPowerCycleInterval.name, `${seconds} s: confirmed by the BMC; it cannot be read back`);
          return { seconds };
        }, options.signal),
      ),
    disableButtons: (buttons, options = {}) =>
      settle(about, (note) => lane.change(() => disable(context, buttons, note, options.signal), options.signal)),
  };
}

async function readStatus(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<ChassisReading> {
  const status = await context.client.run(getChassisStatus, noData, signal);
  note(getChassisStatus.name, `power ${status.powerOn ? 'on' : 'off'}, restore policy ${status.powerRestorePolicy}`);
  const reading = toReading(status);
  const known = await context.client.ask(getChassisCapabilities, noData, signal);
  if ('refused' in known) {
    note(getChassisCapabilities.name, known.refused.text);
    return reading;
  }
  const { value } = known;
  return {
    ...reading,
    fittings: {
      intrusion: value.providesIntrusion,
      frontPanelLockout: value.providesFrontPanelLockout,
      diagnosticInterrupt: value.providesDiagnosticInterrupt,
      powerInterlock: value.providesPowerInterlock,
    },
  };
}

function toReading(status: ChassisStatus): ChassisReading {
  const { powerOn, powerRestorePolicy, lastPowerEvent, identify, ...flags } = status;
  return {
    power: powerOn ? 'on' : 'off',
    restorePolicy: powerRestorePolicy,
    lastPowerEvents: powerEvents.filter((_, bit) => (lastPowerEvent & (1 << bit)) !== 0),
    ...flags,
    ...(identify !== undefined && { identify }),
  };
}

async function readPolicy(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<RestorePolicyReading> {
  const { powerRestorePolicy: policy } = await context.client.run(getChassisStatus, noData, signal);
  note(getChassisStatus.name, `restore policy ${policy}`);
  const asked = await context.client.ask(setPowerRestorePolicy, { policy: 'no-change' as const }, signal);
  if ('refused' in asked) {
    note(setPowerRestorePolicy.name, `no change: ${asked.refused.text}`);
    return { policy, supported: [] };
  }
  const { alwaysOff, previous, alwaysOn } = asked.value;
  const all: [boolean, RestorePolicy][] = [
    [alwaysOff, 'always-off'],
    [previous, 'previous'],
    [alwaysOn, 'always-on'],
  ];
  return { policy, supported: all.filter(([supported]) => supported).map(([, name]) => name) };
}

async function setPolicy(context: IpmiContext, policy: RestorePolicy, note: Note, signal?: AbortSignal) {
  const what = `the restore policy ${policy}`;
  await sendChange(context, setPowerRestorePolicy, { policy }, what, { signal });
  note(setPowerRestorePolicy.name, `${policy}: confirmed by the BMC`);
  const seen = await readBack(context, what, () => readPolicy(context, note, signal));
  if (seen.policy === policy) return seen;
  throw new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed the restore policy ${policy}, but ${seen.policy} is read back`,
  );
}

async function disable(context: IpmiContext, buttons: DisabledButtons, note: Note, signal?: AbortSignal) {
  const { standby, diagnosticInterrupt, reset, power } = buttons;
  const request = {
    standbyDisabled: standby,
    diagnosticInterruptDisabled: diagnosticInterrupt,
    resetDisabled: reset,
    powerOffDisabled: power,
  };
  const what = 'the disabled buttons';
  await sendChange(context, setFrontPanelEnables, request, what, { signal });
  note(setFrontPanelEnables.name, 'confirmed by the BMC');
  const { frontPanelLockout } = await readBack(context, what, () =>
    context.client.run(getChassisStatus, noData, signal),
  );
  note(getChassisStatus.name, `front panel lockout ${frontPanelLockout ? 'active' : 'inactive'}`);
  return buttons;
}
