/** Which columns each kind of thing has on a terminal. */
import type { BmcView, ImageView, LeaseView, MachineView, NetworkView, OperationView } from '../api/index.ts';
import { progressText } from './progress-text.ts';
import type { Shape } from './output.ts';
import type { Style } from './table.ts';

const good: Style = 'green';
const busy: Style = 'cyan';
const bad: Style = 'red';

const stateStyles: Record<string, Style> = {
  active: good,
  free: good,
  succeeded: good,
  serving: good,
  ready: good,
  done: good,
  running: busy,
  queued: busy,
  inspecting: busy,
  deploying: busy,
  recovering: busy,
  failed: bad,
  blocked: bad,
  quarantined: bad,
  aborted: 'yellow',
};
const stateStyle = ({ state }: { state: string }): Style | undefined => stateStyles[state];

export const machineShape: Shape<MachineView> = {
  name: (machine) => machine.name ?? machine.id,
  columns: [
    { header: 'NAME', value: (machine) => machine.name ?? machine.id },
    {
      header: 'STATE',
      value: ({ state, maintenance }) => (maintenance ? `${state} (maintenance)` : state),
      style: stateStyle,
    },
    { header: 'POWER', value: ({ power }) => power },
    { header: 'MAC', value: ({ macs: [first, ...more] }) => (more.length === 0 ? first : `${first} +${more.length}`) },
    { header: 'ADDRESS', value: ({ address }) => address },
    { header: 'BMC', value: ({ bmc }) => bmc },
    { header: 'IMAGE', value: ({ image }) => image },
    { header: 'NOTE', value: machineNote },
    { header: 'HOSTNAME', value: ({ hostname }) => hostname, wide: true },
    { header: 'HEARD', value: ({ lastHeardAt }) => lastHeardAt, wide: true },
    { header: 'OPERATION', value: ({ operation }) => operation, wide: true },
    { header: 'SINCE', value: ({ stateSince }) => stateSince, wide: true },
    { header: 'UUID', value: ({ uuid }) => uuid, wide: true },
    { header: 'SERIAL', value: ({ serial }) => serial, wide: true },
    { header: 'ID', value: ({ id }) => id, wide: true },
  ],
};

function machineNote({ incident, failure, waitsFor }: MachineView): string | undefined {
  if (incident !== null) return `incident: ${incident.state}${incident.reason === null ? '' : ` – ${incident.reason}`}`;
  return failure?.message ?? (waitsFor && `waits for ${waitsFor}`);
}

export const bmcShape: Shape<BmcView> = {
  name: ({ name }) => name,
  columns: [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'DRIVER', value: ({ driver }) => driver },
    { header: 'ADDRESS', value: ({ address, port }) => address && (port === 623 ? address : `${address}:${port}`) },
    { header: 'POWER', value: ({ power }) => power },
    { header: 'STATE', value: ({ state }) => state, style: stateStyle },
    { header: 'MACHINE', value: ({ machineName, machine }) => machineName ?? machine },
    { header: 'NOTE', value: ({ reason }) => reason },
    { header: 'CREDENTIAL', value: ({ credential }) => credential, wide: true },
  ],
};

export const operationShape: Shape<OperationView> = {
  name: ({ id }) => id,
  columns: [
    { header: 'ID', value: ({ id }) => id },
    { header: 'KIND', value: ({ kind }) => kind },
    { header: 'MACHINE', value: ({ machineName, machine }) => machineName ?? machine },
    { header: 'STATE', value: ({ state }) => state, style: stateStyle },
    { header: 'STEP', value: ({ step }) => step },
    { header: 'PROGRESS', value: (operation) => operation.failure?.message ?? progressText(operation.progress) },
    { header: 'STARTED', value: ({ startedAt }) => startedAt },
    { header: 'ENDED', value: ({ endedAt }) => endedAt, wide: true },
    { header: 'DEADLINE', value: ({ deadline }) => deadline, wide: true },
  ],
};

export const networkShape: Shape<NetworkView> = {
  name: ({ name }) => name,
  columns: [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'INTERFACE', value: (network) => network.interface },
    { header: 'SUBNET', value: ({ subnet }) => subnet },
    { header: 'STATE', value: ({ state }) => state, style: stateStyle },
    { header: 'RIVAL', value: ({ rival }) => rival },
    { header: 'NOTE', value: ({ reason }) => reason },
  ],
};

export const leaseShape: Shape<LeaseView> = {
  name: ({ address }) => address,
  columns: [
    { header: 'ADDRESS', value: ({ address }) => address },
    { header: 'MAC', value: ({ mac }) => mac },
    { header: 'HOSTNAME', value: ({ hostname }) => hostname },
    { header: 'NETWORK', value: ({ network }) => network },
    { header: 'STATE', value: ({ state }) => state },
    { header: 'MACHINE', value: ({ machineName, machine }) => machineName ?? machine },
    { header: 'EXPIRES', value: ({ expiresAt }) => expiresAt ?? 'never' },
  ],
};

export const imageShape: Shape<ImageView> = {
  name: ({ name }) => name,
  columns: [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'STATE', value: ({ state }) => state, style: stateStyle },
    { header: 'BYTES', value: ({ sizeBytes }) => sizeBytes },
    { header: 'SHA-256', value: ({ sha256 }) => `${sha256.slice(0, 16)}…` },
    { header: 'NOTE', value: ({ reason }) => reason },
    { header: 'FILE', value: ({ file }) => file, wide: true },
  ],
};
