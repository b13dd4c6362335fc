/** Incidents, screens and rules as plain data, for the control plane's fixture. Only for tests. */
import { AthanorError } from '../errors/index.ts';
import type { ControlPlane } from './control-plane.ts';
import type { IncidentDetail, IncidentView, RuleSetView, ScreenView } from './recovery-schemas.ts';

const time = '2026-11-21T10:00:00.000Z';

export const frameId = 'c0'.repeat(32);
/** The eight bytes that a PNG begins with, in the middle of a larger buffer as stores hand them out. */
export const framePng = new Uint8Array([9, 9, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 9]).subarray(2, 10);

export function incidentFixture(over: Partial<IncidentView> = {}): IncidentView {
  return {
    id: 'i-1',
    machine: 'm-1',
    machineName: 'r1',
    state: 'escalated',
    signal: 'heartbeat-missed',
    silentSince: time,
    openedAt: time,
    resolvedAt: null,
    outage: null,
    rule: null,
    operation: null,
    attempts: 0,
    firstActionAt: null,
    reason: 'no rule matches the screen',
    outcome: null,
    ...over,
  };
}

export const incidentDetail: IncidentDetail = {
  ...incidentFixture(),
  timeline: [{ time, kind: 'incident.opened', text: 'no heartbeat for 3 s' }],
  observations: [
    {
      id: 'o-1',
      time,
      power: 'on',
      frame: frameId,
      lines: ['Kernel panic - not syncing'],
      cursor: { column: 0, row: 1 },
      confidence: 1,
      problem: null,
    },
  ],
};

export const screen: ScreenView = {
  machine: 'm-1',
  machineName: 'r1',
  time,
  power: 'off',
  frame: null,
  reading: null,
  problem: 'the machine is off',
};

export const ruleSet: RuleSetView = {
  revision: 1,
  appliedAt: time,
  rules: [
    {
      name: 'panic',
      description: null,
      source: { file: 'panic.yaml', line: 2 },
      screen: { all: ['Kernel panic'], none: [] },
      playbook: 'power-cycle',
      attempts: { most: 2, withinMs: 3_600_000 },
      tests: [],
    },
  ],
  playbooks: [
    {
      name: 'power-cycle',
      description: null,
      source: { file: 'panic.yaml', line: 9 },
      steps: [
        { action: 'power', to: 'cycle' },
        { action: 'wait-for-heartbeat', withinMs: 300_000 },
      ],
    },
  ],
  files: [{ name: 'panic.yaml', text: 'rules: []\n' }],
};

/** What the recovery room throws for bad rules, as far as the API knows it. */
export class RefusedRules extends AthanorError {
  readonly findings = [
    {
      file: 'a.yaml',
      line: 3,
      column: 5,
      message: 'There is no playbook "cycle".',
      remedy: 'Declare it.',
      value: 'cycle',
    },
    { file: 'b.yaml', line: 0, message: 'The file is empty.', remedy: 'Write `rules: []`.' },
  ];

  constructor() {
    super('invalid-rules', 'Two things are wrong.');
  }
}

type RecoveryPort = Pick<
  ControlPlane,
  'listIncidents' | 'getIncident' | 'listOutages' | 'frame' | 'screenOf' | 'rules' | 'applyRules'
>;

export function createRecoveryFixture(calls: unknown[][]): RecoveryPort {
  return {
    async listIncidents(filter) {
      calls.push(['listIncidents', filter]);
      return [incidentFixture()];
    },
    async getIncident(id) {
      if (id === 'i-1') return incidentDetail;
      throw new AthanorError('not-found', `There is no incident ${id}.`, { field: 'incident', value: id });
    },
    listOutages: async () => [{ id: 'u-1', openedAt: time, resolvedAt: null, machines: 200, watched: 200 }],
    async frame(id) {
      if (id === frameId) return framePng;
      throw new AthanorError('not-found', `There is no frame ${id}.`, { field: 'frame', value: id });
    },
    async screenOf(reference) {
      calls.push(['screenOf', reference]);
      return screen;
    },
    rules: async () => ruleSet,
    async applyRules(files) {
      calls.push(['applyRules', files]);
      if (files.some(({ text }) => text.includes('wrong'))) throw new RefusedRules();
      return { ...ruleSet, revision: 2, files: [...files] };
    },
  };
}
