/** The recovery part of the API's port: incidents, screens, rules and maintenance, answered by the recovery room. */
import {
  type ControlPlane,
  type IncidentDetail,
  type IncidentView,
  type ObservationView,
  type OutageView,
  type RuleSetView,
  runsOf,
  type ScreenView,
} from '../api/index.ts';
import { findMachine } from '../discovery/index.ts';
import { AthanorError } from '../errors/index.ts';
import type { MachineRequests } from '../machine/index.ts';
import {
  applyRules,
  type CurrentRules,
  currentRules,
  frameOf,
  getIncident,
  listIncidents,
  listOutages,
  type Observation,
  type Observer,
  type Playbook,
  type Recovery,
  type Rule,
} from '../recovery/index.ts';
import type { Store } from '../store/index.ts';
import { iso, isoOrNull, viewMachine, type ViewSources } from './machine-views.ts';

export type RecoveryPlane = Pick<
  ControlPlane,
  'setMaintenance' | 'screenOf' | 'listIncidents' | 'getIncident' | 'listOutages' | 'frame' | 'rules' | 'applyRules'
>;

export interface RecoveryPlaneParts {
  store: Store;
  sources: ViewSources;
  requests: Pick<MachineRequests, 'setMaintenance'>;
  observer: Observer;
  recovery: Pick<Recovery, 'rulesChanged' | 'maintenanceChanged'>;
  now(): number;
}

/** How long a person waits for a look at a screen, milliseconds. */
const LOOK_DEADLINE_MS = 10_000;

type StoredIncident = Awaited<ReturnType<typeof listIncidents>>[number];

function viewIncident(incident: StoredIncident): IncidentView {
  const { silentSince, openedAt, resolvedAt, firstActionAt, ...rest } = incident;
  return {
    ...rest,
    silentSince: iso(silentSince),
    openedAt: iso(openedAt),
    resolvedAt: isoOrNull(resolvedAt),
    firstActionAt: isoOrNull(firstActionAt),
  };
}

function viewObservation({ id, time, power, frameId, reading, problem }: Observation): ObservationView {
  return {
    id,
    time: iso(time),
    power,
    frame: frameId,
    lines: reading === null ? null : [...reading.lines],
    cursor: reading?.cursor ?? null,
    confidence: reading?.confidence ?? null,
    problem,
  };
}

function viewDetail({ timeline, observations, ...incident }: Awaited<ReturnType<typeof getIncident>>): IncidentDetail {
  return {
    ...viewIncident(incident),
    timeline: timeline.map(({ time, kind, text, operation, observation, matched }) => ({
      time: iso(time),
      kind,
      text,
      ...(operation === undefined ? {} : { operation }),
      ...(observation === undefined ? {} : { observation }),
      ...(matched === undefined ? {} : { matched }),
    })),
    observations: observations.map(viewObservation),
  };
}

const condition = ({ all, none }: Rule['when']['screen']): { all: string[]; none: string[] } => ({
  all: [...all],
  none: [...none],
});

function viewStep(step: Playbook['steps'][number]): RuleSetView['playbooks'][number]['steps'][number] {
  switch (step.action) {
    case 'keys': {
      const { type, press, see, ...rest } = step;
      return { ...rest, ...(type === undefined ? {} : { type }), press: [...press], see: condition(see) };
    }
    case 'wait-for-screen':
      return { ...step, screen: condition(step.screen) };
    default:
      return step;
  }
}

function viewRules({ revision, appliedAt, files, ruleSet }: CurrentRules): RuleSetView {
  return {
    revision,
    appliedAt: isoOrNull(appliedAt),
    rules: ruleSet.rules.map(({ name, description, source, when, playbook, attempts, tests }) => ({
      name,
      description: description ?? null,
      source,
      screen: condition(when.screen),
      playbook,
      attempts,
      tests: tests.map(({ frame, expect }) => ({ frame, expect })),
    })),
    playbooks: ruleSet.playbooks.map(({ name, description, source, steps }) => ({
      name,
      description: description ?? null,
      source,
      steps: steps.map(viewStep),
    })),
    files: files.map(({ name, text }) => ({ name, text })),
  };
}

export function createRecoveryPlane(parts: RecoveryPlaneParts): RecoveryPlane {
  const { store, sources, requests, observer, recovery, now } = parts;
  return {
    setMaintenance: async (reference, { maintenance, reason }) => {
      const { id } = await findMachine(store, reference);
      if (await requests.setMaintenance(id, maintenance, reason)) await recovery.maintenanceChanged(id);
      return await viewMachine(sources, await findMachine(store, id));
    },

    screenOf: async (reference): Promise<ScreenView> => {
      const machine = await findMachine(store, reference);
      const signal = AbortSignal.timeout(LOOK_DEADLINE_MS);
      const { observation, reading } = await observer.observe(machine.id, null, signal);
      const { time, power, frameId, problem } = observation;
      return {
        machine: machine.id,
        machineName: machine.name,
        time: iso(time),
        power,
        frame: frameId,
        reading:
          reading === undefined
            ? null
            : {
                font: reading.font,
                columns: reading.columns,
                rows: reading.rows,
                lines: [...reading.lines],
                cursor: reading.cursor ?? null,
                confidence: reading.confidence,
                runs: runsOf(reading),
              },
        problem,
      };
    },

    listIncidents: async ({ state }) => (await listIncidents(store, { state })).map(viewIncident),
    getIncident: async (id) => viewDetail(await getIncident(store, id)),
    listOutages: async (): Promise<OutageView[]> =>
      (await listOutages(store)).map(({ openedAt, resolvedAt, ...outage }) => ({
        ...outage,
        openedAt: iso(openedAt),
        resolvedAt: isoOrNull(resolvedAt),
      })),
    frame: async (id) => {
      const frame = await frameOf(store, id);
      if (frame !== undefined) return frame.png;
      throw new AthanorError('not-found', `there is no frame ${id}`, { field: 'frame', value: id });
    },
    rules: async () => viewRules(await currentRules(store)),
    applyRules: async (files) => {
      const applied = await applyRules(store, files, now);
      if (applied.changed) recovery.rulesChanged();
      return viewRules(applied);
    },
  };
}
