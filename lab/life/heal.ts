/**
 * A server breaks and is healed: broken by the lab, followed by the event stream, and compared with the lab's own record:
 * what the screen held, what the BMC was told, which keys were pressed, and what the serial console said afterwards.
 */
import { typedText } from '../index.ts';
import type { LabMachine } from '../index.ts';
import type { Athanor, LifeEvent } from './athanor.ts';
import type { Breakage } from './breakage.ts';
import type { EventWatch } from './event-watch.ts';
import { describeIncident, type IncidentFilm } from './incident-film.ts';
import { asked } from './life.ts';
import { atStage, type StageName, type StageSeen, witness } from './stages.ts';

export interface HealOptions {
  athanor: Athanor;
  watch: EventWatch;
  machine: LabMachine;
  breakage: Breakage;
  onStage(seen: StageSeen): void;
  /** Longest wait for one stage, milliseconds. */
  patienceMs?: number;
}

export interface HealReport {
  machine: string;
  incident: IncidentFilm;
  /** From the injection of the fault to the machine's own word that it is up, milliseconds. */
  faultToHealedMs: number;
  /**
   * To the first call at the BMC's chassis, or the first key: from the moment when its silence was noticed, or, when the
   * first looks were too early to show anything, from the look that showed it.
   */
  detectionToActionMs: number;
  /** What the reading was compared with. */
  comparedWith: string;
}

/** What the issue demands of the time from detection to the first action. */
export const mostToActionMs = 2_000;
const DEFAULT_PATIENCE_MS = 120_000;
const UP = /ATHANOR-LAB-OS up .*root=ok/;

export async function applyRules(athanor: Athanor, directory: string): Promise<void> {
  await asked(athanor, ['rule', 'apply', '-f', directory]);
}

/** What the BMC was told since then, without questions. */
export async function chassisCallsSince(machine: LabMachine, since: number): Promise<{ time: number; call: string }[]> {
  const calls = await machine.chassisLog();
  return calls
    .filter(({ operation, time }) => operation === 'set' && time >= since)
    .map(({ time, what, value }) => ({ time, call: `${what} ${value}` }));
}

/** What was typed since then. */
export async function typedSince(machine: LabMachine, since: number): Promise<string> {
  return typedText((await machine.keysSeen()).filter(({ time }) => time >= since));
}

interface Follower {
  /** The next event of this kind; an incident that ends in any other way than healed ends the wait with its reason. */
  expect(
    stage: StageName,
    fits: (event: LifeEvent) => boolean,
    detail: (event: LifeEvent) => string,
  ): Promise<LifeEvent>;
}

/** @param since only events from this time on count (milliseconds since 1970) */
function follow(options: HealOptions, machineId: string, since: number): Follower {
  const { watch, machine, breakage, onStage, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const after = (event: LifeEvent): boolean => Date.parse(event.time) >= since;
  const isEnd = (event: LifeEvent): boolean =>
    after(event) &&
    event.data['machine'] === machineId &&
    (['incident.escalated', 'incident.reopened', 'incident.held'].includes(event.kind) ||
      (event.kind === 'incident.resolved' && event.data['outcome'] !== 'healed'));
  const hasMatched = (): boolean =>
    watch.seen.some(
      (event) => after(event) && event.kind === 'incident.matched' && event.data['machine'] === machineId,
    );
  const ended = (event: LifeEvent): boolean =>
    isEnd(event) && !(breakage.slow && event.kind === 'incident.escalated' && !hasMatched());
  return {
    expect: async (stage, fits, detail) =>
      await atStage(machine.name, stage, async () => {
        const event = await watch.waitFor((one) => after(one) && (fits(one) || ended(one)), {
          timeoutMs: patienceMs,
          what: `stage ${stage} of ${machine.name}`,
        });
        if (!fits(event)) throw new Error(await otherwise(machine, event, since));
        onStage({ machine: machine.name, stage, time: Date.parse(event.time), detail: detail(event) });
        return event;
      }),
  };
}

/** Why it was not healed, and whether anything was done to it. */
async function otherwise(machine: LabMachine, { kind, data }: LifeEvent, since: number): Promise<string> {
  const calls = (await chassisCallsSince(machine, since)).map(({ call }) => call);
  const done = calls.length === 0 ? 'its BMC was told nothing' : `its BMC was told ${calls.join(', ')}`;
  const what = kind === 'incident.escalated' ? 'it asks for a person' : kind.replace('incident.', 'the incident is ');
  return `${what}: ${String(data['reason'] ?? data['outcome'])} (${done})`;
}

/**
 * Breaks a machine that is active and heard, and follows it until it is active again.
 *
 * @throws StageMissing naming the first stage that was not seen, or that the witnesses contradict
 */
export async function healLife(options: HealOptions, machineId: string): Promise<HealReport> {
  const { athanor, watch, machine, breakage, onStage, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const { name } = machine;
  const serialFrom = (await machine.serialLog()).length;
  const faultAt = await atStage(name, 'broken', () => breakage.inject(machine));
  onStage({ machine: name, stage: 'broken', time: faultAt, detail: breakage.detail });
  const screen = await atStage(name, 'broken', () => breakage.screen(machine, serialFrom));

  const { expect } = follow(options, machineId, faultAt);
  const ofIncident = (kind: string) => (event: LifeEvent) => event.kind === kind && event.data['machine'] === machineId;
  const opened = await expect('detected', ofIncident('incident.opened'), () => 'its heartbeats stopped');
  await expect('looked-at', ofIncident('incident.observed'), ({ data }) => lastLine(data['text']));
  const matched = await expect(
    'rule-matched',
    ofIncident('incident.matched'),
    ({ data }) => `${String(data['rule'])} → playbook ${String(data['playbook'])}`,
  );
  await expect('acting', ofIncident('incident.acting'), ({ data }) => String(data['step']));
  const ofOperation = (kind: string) => (event: LifeEvent) =>
    event.kind === kind && event.operationId === matched.operationId;
  await expect('steps-done', ofOperation('operation.succeeded'), () =>
    watch.seen
      .filter(ofOperation('operation.step.done'))
      .map(({ data }) => String(data['step']))
      .join(', '),
  );
  const healed = (event: LifeEvent): boolean =>
    ofIncident('incident.resolved')(event) && event.data['outcome'] === 'healed';
  await expect('healed', healed, ({ data }) => String(data['reason']));
  const up = await atStage(name, 'active-again', () =>
    machine.waitForSerial(UP, { timeoutMs: patienceMs, from: serialFrom }),
  );
  const isActive = (event: LifeEvent): boolean =>
    event.kind === 'machine.state' && event.subjectId === machineId && event.data['to'] === 'active';
  const active = await expect('active-again', isActive, () => 'and its own system says so');

  const incident = await describeIncident(athanor, opened.subjectId);
  const decided = incident.observations.find(({ id }) => id === matched.data['observation']);
  const wrong = decided?.lines ? screen.differs(decided.lines) : 'the incident has no reading of it';
  witness(machine, 'looked-at', wrong === undefined, `by ${screen.source}, ${wrong}`);
  const actedAt = await compareActions({ machine, breakage, faultAt }, incident);
  const early = incident.timeline.some(({ kind }) => kind === 'incident.escalated');
  const healedAt = Math.max(up.time, Date.parse(active.time));
  return {
    machine: name,
    incident,
    faultToHealedMs: healedAt - faultAt,
    detectionToActionMs: actedAt - Date.parse(early && decided !== undefined ? decided.time : incident.openedAt),
    comparedWith: screen.source,
  };
}

function lastLine(text: unknown): string {
  const lines = typeof text === 'string' ? text.split('\n').filter((line) => line.trim() !== '') : [];
  return lines.at(-1)?.trim() ?? 'no text';
}

/** @returns when the machine was first acted upon, by the lab's record */
async function compareActions(
  { machine, breakage, faultAt }: { machine: LabMachine; breakage: Breakage; faultAt: number },
  incident: IncidentFilm,
): Promise<number> {
  const calls = await chassisCallsSince(machine, faultAt);
  const told = calls.map(({ call }) => call).join(', ');
  witness(machine, 'steps-done', told === breakage.chassisCalls.join(', '), `its BMC was told ${told || 'nothing'}`);
  const typed = await typedSince(machine, faultAt);
  witness(machine, 'steps-done', typed === breakage.typed, `typed was ${JSON.stringify(typed)}`);
  // The lab's own keys, if any, came with the fault, before the silence was noticed.
  const openedAt = Date.parse(incident.openedAt);
  const keys = (await machine.keysSeen()).filter(({ time }) => time >= openedAt);
  const acted = calls[0]?.time ?? keys[0]?.time;
  witness(machine, 'acting', acted !== undefined, 'nothing was done to it');
  return acted ?? Number.NaN;
}

/** Resolves with the machine's id once the agent of its newest deployment was heard. */
export async function waitUntilHeard(options: HealOptions): Promise<string> {
  return await atStage(options.machine.name, 'heard', () => hearing(options));
}

async function hearing({ athanor, watch, machine, onStage, patienceMs }: HealOptions): Promise<string> {
  const found = (await athanor.ask(['machine', 'describe', machine.name])) as { id: string };
  const deployed = watch.seen.findLast(
    ({ kind, subjectId, data }) => kind === 'machine.state' && subjectId === found.id && data['to'] === 'deploying',
  );
  const enrolled = await watch.waitFor(
    ({ kind, subjectId, sequence }) =>
      kind === 'machine.agent-enrolled' && subjectId === found.id && sequence > (deployed?.sequence ?? 0),
    { timeoutMs: patienceMs ?? DEFAULT_PATIENCE_MS, what: `the agent of ${machine.name}` },
  );
  onStage({
    machine: machine.name,
    stage: 'heard',
    time: Date.parse(enrolled.time),
    detail: `boot ${String(enrolled.data['bootId']).slice(0, 8)}`,
  });
  return found.id;
}
