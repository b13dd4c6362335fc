/** A machine's film, its screen and a set of rules, for the API's fixture. Only for tests. */
import type { ControlPlane, IncidentDetail, OutageView, RuleSetView, ScreenView } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';

const at = (seconds: number): string => new Date(Date.parse('2026-11-21T10:00:00.000Z') + seconds * 1000).toISOString();

export const frameId = 'c0'.repeat(32);
export const framePng = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What a hostile guest draws: a colour sequence, an override of the reading direction, a bell. */
export const hostile = 'evil\u001b[31m\u202egpj.exe\u0007\u200b\u009b2J';

export const healed: IncidentDetail = {
  id: 'i-1',
  machine: 'm-1',
  machineName: 'r1',
  state: 'resolved',
  signal: 'heartbeat-missed',
  silentSince: at(-3),
  openedAt: at(0),
  resolvedAt: at(42.25),
  outage: null,
  rule: 'linux-kernel-panic',
  operation: 'op-7',
  attempts: 1,
  firstActionAt: at(0.45),
  reason: null,
  outcome: 'healed',
  timeline: [
    { time: at(0), kind: 'incident.opened', text: 'no heartbeat for 3 s' },
    { time: at(0.2), kind: 'incident.observed', text: 'power on, 3 lines', observation: 'o-1' },
    {
      time: at(0.21),
      kind: 'incident.matched',
      text: 'the rule linux-kernel-panic fits; its playbook is power-cycle',
      observation: 'o-1',
      matched: ['Kernel panic - not syncing: sysrq triggered crash'],
    },
    { time: at(0.45), kind: 'incident.acting', text: 'power-off-1', operation: 'op-7' },
    { time: at(2), kind: 'step.done', text: 'power-off-1: off', operation: 'op-7' },
    { time: at(42.25), kind: 'incident.resolved', text: 'healed' },
  ],
  observations: [
    {
      id: 'o-1',
      time: at(0.2),
      power: 'on',
      frame: frameId,
      lines: ['', hostile, 'Kernel panic - not syncing: sysrq triggered crash', ''],
      cursor: null,
      confidence: 1,
      problem: null,
    },
  ],
};

export const screen: ScreenView = {
  machine: 'm-1',
  machineName: 'r1',
  time: at(0),
  power: 'on',
  frame: frameId,
  reading: {
    font: 'vga-9x16',
    columns: 80,
    rows: 25,
    lines: ['r1 login:', hostile, ''],
    cursor: { column: 10, row: 0 },
    confidence: 1,
    runs: [
      [{ text: 'r1 login: ', foreground: '#aaaaaa', background: '#000000' }],
      [{ text: hostile, foreground: '#ffffff', background: '#0000aa' }],
    ],
  },
  problem: null,
};

export const ruleSet: RuleSetView = {
  revision: 3,
  appliedAt: at(-60),
  rules: [
    {
      name: 'linux-kernel-panic',
      description: 'The kernel stopped for ever and says so.',
      source: { file: 'linux.yaml', line: 2 },
      screen: { all: ['Kernel panic - not syncing'], none: ['Rebooting in \\d+ seconds'] },
      playbook: 'power-cycle',
      attempts: { most: 2, withinMs: 3_600_000 },
      tests: [{ frame: 'frames/panic.png', expect: 'match' }],
    },
  ],
  playbooks: [
    {
      name: 'power-cycle',
      description: null,
      source: { file: 'linux.yaml', line: 12 },
      steps: [
        { action: 'power', to: 'cycle' },
        { action: 'keys', type: 'boot', press: ['Enter'], see: { all: ['up'], none: [] }, withinMs: 60_000 },
        { action: 'wait-for-screen', screen: { all: ['a', 'b'], none: ['c'] }, withinMs: 90_000 },
        { action: 'wait-for-heartbeat', withinMs: 300_000 },
      ],
    },
  ],
  files: [{ name: 'linux.yaml', text: 'rules: []\n' }],
};

/** Everything that a test changes before the command asks for it. */
export interface RecoveryState {
  incidents: IncidentDetail[];
  outages: OutageView[];
  screen: ScreenView;
}

export const quiet = (): RecoveryState => ({ incidents: [healed], outages: [], screen });

export function refusedRules(): AthanorError {
  return Object.assign(new AthanorError('invalid-rules', 'Two things are wrong.'), {
    findings: [
      { file: 'a.yaml', line: 3, message: 'There is no playbook "cycle".', remedy: 'Declare it.' },
      { file: 'b.yaml', line: 9, message: 'The pattern ends too early.', remedy: 'Close the bracket.' },
    ],
  });
}

type RecoveryPort = Pick<
  ControlPlane,
  'listIncidents' | 'getIncident' | 'listOutages' | 'frame' | 'screenOf' | 'rules' | 'applyRules'
>;

export function recoveryPlane(state: () => RecoveryState, calls: unknown[][]): RecoveryPort {
  return {
    async listIncidents(filter) {
      calls.push(['listIncidents', filter]);
      return state().incidents;
    },
    async getIncident(id) {
      const found = state().incidents.find((incident) => incident.id === id);
      if (found !== undefined) return found;
      throw new AthanorError('not-found', `There is no incident ${id}.`, { field: 'incident', value: id });
    },
    listOutages: async () => state().outages,
    frame: async () => framePng,
    screenOf: async () => state().screen,
    rules: async () => ruleSet,
    async applyRules(files) {
      calls.push(['applyRules', files]);
      if (files.some(({ text }) => text.includes('refuse me'))) throw refusedRules();
      return { ...ruleSet, revision: 4, files: [...files] };
    },
  };
}
