/** The film of an incident: its events, its operations' steps and what was seen, each as one sentence. */
import { z } from 'zod';
import type { Event, JsonValue } from '../../store/index.ts';
import type { Observation } from '../observations/observation.ts';
import { spanInWords } from './in-words.ts';

export interface TimelineEntry {
  time: number;
  /** The event's kind, or `observation` for a look that no event tells of. */
  kind: string;
  /** One sentence for people. */
  text: string;
  operation?: string;
  /** The id of the observation that was made or decided on. */
  observation?: string;
  /** The lines of the screen that the rule was found in. */
  matched?: string[];
  data: JsonValue;
}

/** What the sentences are made of; an event of an older version may lack any of it. */
const told = z
  .object({
    silentSince: z.number(),
    power: z.string(),
    text: z.string().nullable(),
    problem: z.string().nullable(),
    observation: z.string(),
    rule: z.string(),
    playbook: z.string(),
    attempt: z.number(),
    lines: z.array(z.string()),
    others: z.array(z.string()),
    reason: z.string(),
    outcome: z.string(),
    step: z.string(),
    action: z.string(),
    message: z.string(),
    recovered: z.boolean(),
    evidence: z.record(z.string(), z.json()),
    tries: z.number(),
  })
  .partial();
type Told = z.infer<typeof told>;

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

/** What was seen, in one sentence. */
function seenInWords(seen: { power?: string | undefined; text?: string | null; problem?: string | null }): string {
  const power = seen.power === undefined || seen.power === 'unknown' ? 'power unknown' : `power ${seen.power}`;
  const lastLine = seen.text
    ?.split('\n')
    .findLast((line) => line.trim() !== '')
    ?.trim();
  const screen =
    lastLine !== undefined
      ? `the screen ends with “${lastLine}”`
      : seen.text === null || seen.text === undefined
        ? 'no screen was read'
        : 'the screen is empty';
  const problem = seen.problem === null || seen.problem === undefined ? '' : ` (${seen.problem})`;
  return `Looked: ${power}, ${screen}${problem}.`;
}

function doneInWords({ step = 'a step', evidence, recovered }: Told): string {
  const skipped = evidence?.['skipped'];
  if (typeof skipped === 'string') return `Step ${step} was left out: ${skipped}.`;
  return `Step ${step} is done${recovered === true ? ', found so after an interruption' : ''}.`;
}

const outcomes: Record<string, string> = {
  healed: 'Healed by the playbook',
  returned: 'It came back',
  withdrawn: 'It is no longer watched',
};

const sentences: Record<string, (data: Told, time: number) => string> = {
  'incident.opened': ({ silentSince }, time) =>
    silentSince === undefined
      ? 'The machine fell silent.'
      : `The machine fell silent: its last heartbeat came ${spanInWords(time - silentSince)} before.`,
  'incident.observed': (data) => seenInWords(data),
  'incident.matched': ({ rule = 'a rule', playbook = 'its playbook', attempt = 1 }) =>
    `The rule ${rule} fits: playbook ${playbook} begins, attempt ${attempt}.`,
  'incident.acting': ({ step = 'a step' }) => `First action on the machine: step ${step} acts.`,
  'incident.action': ({ action = 'something', step = 'a step' }) => `Done to the machine: ${action} (step ${step}).`,
  'incident.reopened': ({ reason }) => `It is looked at again${because(reason)}.`,
  'incident.held': ({ reason }) => `Automation keeps its hands off${because(reason)}.`,
  'incident.escalated': ({ reason }) => `A person is needed${because(reason)}.`,
  'incident.resolved': ({ outcome = '', reason }) => `${outcomes[outcome] ?? 'Over'}${because(reason)}.`,
  'operation.resumed': () => 'The playbook goes on after an interruption of Athanor.',
  'operation.step.started': ({ step = 'a step', tries = 1 }) =>
    `Step ${step} begins${tries > 1 ? `, try ${tries}` : ''}.`,
  'operation.step.done': doneInWords,
  'operation.step.failed': ({ step = 'a step', message = 'no reason given' }) => `Step ${step} failed: ${message}.`,
  'operation.abort.requested': ({ reason }) => `Somebody asked to abort the playbook${because(reason)}.`,
  'operation.succeeded': () => 'The playbook succeeded.',
  'operation.failed': ({ message = 'no reason given' }) => `The playbook failed: ${message}.`,
  'operation.aborted': ({ reason }) => `The playbook was aborted${because(reason)}.`,
};

/** The operation's events that belong to the film; how far it is and that it was accepted do not. */
export const operationKinds: readonly string[] = Object.keys(sentences).filter((kind) => kind.startsWith('operation.'));

/** A sentence has one full stop, whatever it quotes. */
function oneSentence(text: string): string {
  return text.replace(/[.\s]+$/, '.');
}

function entryOf({ time, kind, operationId, data }: Event): TimelineEntry {
  const parsed = told.safeParse(data).data ?? {};
  return {
    time,
    kind,
    text: oneSentence(sentences[kind]?.(parsed, time) ?? kind),
    ...(operationId === null ? {} : { operation: operationId }),
    ...(parsed.observation === undefined ? {} : { observation: parsed.observation }),
    ...(parsed.lines === undefined || parsed.lines.length === 0 ? {} : { matched: parsed.lines }),
    data,
  };
}

/** A look that a step made before it acted is told of by no event. */
function entryOfLook({ id, time, power, reading, problem }: Observation): TimelineEntry {
  const text = reading === null ? null : reading.lines.join('\n');
  return {
    time,
    kind: 'observation',
    text: oneSentence(seenInWords({ power, text, problem })),
    observation: id,
    data: { power },
  };
}

/** @param events in the order of their sequence numbers */
export function timelineOf(events: readonly Event[], observations: readonly Observation[]): TimelineEntry[] {
  const entries = events.map(entryOf);
  const toldOf = new Set(
    entries.filter(({ kind }) => kind === 'incident.observed').map(({ observation }) => observation),
  );
  const looks = observations.filter(({ id }) => !toldOf.has(id)).map(entryOfLook);
  // Events were in their true order already, which equal times keep; a look comes before what was decided on it.
  return [...looks, ...entries].toSorted((a, b) => a.time - b.time);
}
