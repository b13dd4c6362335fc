/** An incident told as a film: what was seen, which rule fitted, what was done and how long it took. */
import { styleText } from 'node:util';
import type { IncidentDetail, ObservationView, TimelineEntry } from '../api/index.ts';
import { screenBox } from './screen-text.ts';
import { spanText } from './spans.ts';
import { printable } from './terminal.ts';

/** Where an incident's screen is worth showing: a decision was made on it. */
const decisive: readonly string[] = ['incident.matched', 'incident.escalated', 'operation.step.failed'];

export function incidentFilm(incident: IncidentDetail, colour: boolean): string {
  return [header(incident, colour), timeline(incident, colour), times(incident, colour)].join('\n');
}

function header(incident: IncidentDetail, colour: boolean): string {
  const { id, machine, machineName, signal, silentSince, openedAt, outage, rule, operation, attempts } = incident;
  const pairs: [string, string | null][] = [
    ['incident', id],
    ['machine', machineName === null ? machine : `${machineName} (${machine})`],
    ['signal', `${signal}: last heard ${silentSince}, missed ${openedAt}`],
    ['outage', outage],
    ['rule', rule],
    ['operation', operation],
    ['attempts', attempts === 0 ? null : String(attempts)],
    ['outcome', outcomeText(incident)],
  ];
  return pairs
    .flatMap(([key, value]) => (value === null ? [] : [`${bold(key.padEnd(11), colour)}${printable(value)}\n`]))
    .join('');
}

function outcomeText({ state, outcome, reason, openedAt, resolvedAt }: IncidentDetail): string {
  const why = reason === null || reason === '' ? '' : `: ${reason}`;
  if (state !== 'resolved' || resolvedAt === null) return `none yet; ${state}${why}`;
  return `${outcome ?? 'resolved'} after ${spanText(between(openedAt, resolvedAt))}${why}`;
}

function timeline(incident: IncidentDetail, colour: boolean): string {
  const { openedAt, observations } = incident;
  /** When each screen was shown, by what stood on it: one that stands still, or comes again, is shown once. */
  const shown = new Map<string, string>();
  const lines = incident.timeline.flatMap((entry) => {
    const line = `${offset(openedAt, entry.time)}  ${entry.text}`;
    const observation = decisive.includes(entry.kind) ? observationOf(entry, observations) : undefined;
    if (observation === undefined) return [printable(line)];
    const screen = JSON.stringify([observation.power, observation.lines ?? observation.problem]);
    const before = shown.get(screen);
    if (before !== undefined) return [printable(line), `${indent}(the same screen as at ${before})`];
    shown.set(screen, offset(openedAt, entry.time).trim());
    return [printable(line), ...boxOf(observation, entry, colour).map((text) => `${indent}${text}`)];
  });
  // What an incident shows that nothing was decided on yet.
  const last = observations.at(-1);
  if (shown.size === 0 && last !== undefined && incident.state !== 'resolved') {
    const entry = { time: last.time, kind: '', text: '' };
    lines.push(`${offset(openedAt, last.time)}  the newest look`);
    lines.push(...boxOf(last, entry, colour).map((text) => `${indent}${text}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

const indent = ' '.repeat(14);

function boxOf(observation: ObservationView, entry: TimelineEntry, colour: boolean): string[] {
  const { lines, power, problem, frame } = observation;
  const picture = frame === null ? '' : `, frame ${frame.slice(0, 12)}`;
  const title = printable(`power ${power}${picture}${problem === null ? '' : `, ${problem}`}`);
  return lines === null ? [title] : [title, ...screenBox(lines, { matched: entry.matched ?? [], colour })];
}

/** The observation that an entry names, else the newest that was made before it. */
function observationOf(entry: TimelineEntry, observations: readonly ObservationView[]): ObservationView | undefined {
  const named = observations.find(({ id }) => id === entry.observation);
  return named ?? observations.findLast(({ time }) => Date.parse(time) <= Date.parse(entry.time));
}

function times({ silentSince, openedAt, firstActionAt, resolvedAt }: IncidentDetail, colour: boolean): string {
  const since = (end: string | null): string => (end === null ? 'not yet' : spanText(between(openedAt, end)));
  const pairs = [
    ['fault to detection', `unknown; the last heartbeat was ${spanText(between(silentSince, openedAt))} before it`],
    ['detection to first action', firstActionAt === null && resolvedAt !== null ? 'no action' : since(firstActionAt)],
    ['detection to resolved', since(resolvedAt)],
  ] as const;
  return pairs.map(([key, value]) => `${bold(key.padEnd(27), colour)}${value}\n`).join('');
}

/** `+0.45 s`, from when the silence was detected. */
function offset(from: string, to: string): string {
  const milliseconds = between(from, to);
  return `${milliseconds < 0 ? '-' : '+'}${spanText(Math.abs(milliseconds))}`.padStart(12);
}

function between(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}

function bold(text: string, colour: boolean): string {
  return colour ? styleText('bold', text, { validateStream: false }) : text;
}
