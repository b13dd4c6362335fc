/** Which columns incidents, outages, rules and playbooks have on a terminal. */
import type { IncidentView, OutageView, PlaybookStepView, PlaybookView, RuleView } from '../api/index.ts';
import type { Shape } from './output.ts';
import { ruleSpan } from './spans.ts';
import type { Style } from './table.ts';

const incidentStyles: Record<IncidentView['state'], Style> = {
  open: 'yellow',
  healing: 'cyan',
  held: 'yellow',
  escalated: 'red',
  resolved: 'green',
};

export const incidentShape: Shape<IncidentView> = {
  name: ({ id }) => id,
  columns: [
    { header: 'ID', value: ({ id }) => id },
    { header: 'MACHINE', value: ({ machineName, machine }) => machineName ?? machine },
    { header: 'STATE', value: ({ state }) => state, style: ({ state }) => incidentStyles[state] },
    { header: 'SINCE', value: ({ silentSince }) => silentSince },
    { header: 'RULE', value: ({ rule }) => rule },
    { header: 'ATTEMPTS', value: ({ attempts }) => attempts },
    { header: 'NOTE', value: ({ outcome, reason }) => [outcome, reason].filter(Boolean).join(': ') },
    { header: 'OPENED', value: ({ openedAt }) => openedAt, wide: true },
    { header: 'RESOLVED', value: ({ resolvedAt }) => resolvedAt, wide: true },
    { header: 'OPERATION', value: ({ operation }) => operation, wide: true },
    { header: 'OUTAGE', value: ({ outage }) => outage, wide: true },
  ],
};

export const outageShape: Shape<OutageView> = {
  name: ({ id }) => id,
  columns: [
    { header: 'ID', value: ({ id }) => id },
    {
      header: 'STATE',
      value: ({ resolvedAt }) => (resolvedAt === null ? 'open' : 'over'),
      style: ({ resolvedAt }) => (resolvedAt === null ? 'red' : 'green'),
    },
    { header: 'SILENT', value: ({ machines, watched }) => `${machines} of ${watched}` },
    { header: 'SINCE', value: ({ openedAt }) => openedAt },
    { header: 'ENDED', value: ({ resolvedAt }) => resolvedAt },
  ],
};

export function outageLine({ id, machines, watched, openedAt }: OutageView): string {
  return `OUTAGE ${id}: ${machines} of ${watched} machines silent since ${openedAt}, automation held`;
}

export const ruleShape: Shape<RuleView> = {
  name: ({ name }) => name,
  columns: [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'SCREEN', value: ({ screen }) => screen.all.join(' and ') },
    { header: 'PLAYBOOK', value: ({ playbook }) => playbook },
    { header: 'ATTEMPTS', value: ({ attempts }) => attemptsText(attempts) },
    { header: 'TESTS', value: ({ tests }) => tests.length },
    { header: 'NOT', value: ({ screen }) => screen.none.join(' nor '), wide: true },
    { header: 'SOURCE', value: ({ source }) => `${source.file}:${source.line}`, wide: true },
    { header: 'DESCRIPTION', value: ({ description }) => description, wide: true },
  ],
};

export const playbookShape: Shape<PlaybookView> = {
  name: ({ name }) => name,
  columns: [
    { header: 'NAME', value: ({ name }) => name },
    { header: 'STEPS', value: ({ steps }) => steps.map(stepText).join('; ') },
    { header: 'SOURCE', value: ({ source }) => `${source.file}:${source.line}`, wide: true },
    { header: 'DESCRIPTION', value: ({ description }) => description, wide: true },
  ],
};

export function attemptsText({ most, withinMs }: RuleView['attempts']): string {
  return `${most} in ${ruleSpan(withinMs)}`;
}

/** A step as a person would say it. */
export function stepText(step: PlaybookStepView): string {
  if (step.action === 'power') return `power ${step.to}`;
  if (step.action === 'wait-for-heartbeat') return `wait ${ruleSpan(step.withinMs)} for a heartbeat`;
  if (step.action === 'wait-for-screen') return `wait ${ruleSpan(step.withinMs)} to ${seeText(step.screen)}`;
  const typed = step.type === undefined ? [] : [`type ${JSON.stringify(step.type)}`];
  const pressed = step.press.length === 0 ? [] : [`press ${step.press.join(' ')}`];
  return `${[...typed, ...pressed].join(', ')}, ${seeText(step.see)} within ${ruleSpan(step.withinMs)}`;
}

function seeText({ all, none }: { all: readonly string[]; none: readonly string[] }): string {
  const patterns = (list: readonly string[]): string => list.map((pattern) => `/${pattern}/`).join(' and ');
  return `see ${patterns(all)}${none.length === 0 ? '' : ` but not ${patterns(none)}`}`;
}
