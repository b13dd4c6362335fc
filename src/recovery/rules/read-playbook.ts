/** One entry of `playbooks:`, and what makes its steps safe to run one after the other. */
import { type Key, keysyms, parseKey } from '../../console/index.ts';
import { durationText, parseDuration } from './duration.ts';
import { didYouMean } from '../../errors/index.ts';
import { quoted } from './findings.ts';
import { type Budget, readCondition, readDescription, readName } from './read-rule.ts';
import type { Playbook, PlaybookStep } from './rule.ts';
import type { Section, Written, YamlFile } from './yaml-file.ts';

const mostSteps = 200;
const longestPlaybookMs = 3_600_000;
const longestTyped = 500;
const mostKeys = 50;
const withinDefaultMs = 30_000;
const actions = ['power', 'keys', 'wait-for-heartbeat', 'wait-for-screen'];

export interface ReadPlaybook {
  playbook: Playbook;
  file: YamlFile;
  nameAt: Written;
}

interface PlacedStep {
  step: PlaybookStep;
  at: Written;
}

export function readPlaybook(file: YamlFile, entry: Written, budget: Budget): ReadPlaybook | undefined {
  const section = file.section(entry, ['name', 'description', 'steps'], 'key');
  if (section === undefined) return undefined;
  const nameAt = file.needed(section, 'name', 'power-cycle');
  const name = nameAt && readName(file, nameAt);
  const description = readDescription(file, section);
  const stepsAt = file.needed(section, 'steps', '[{ power: cycle }, { wait-for-heartbeat: 5m }]');
  const entries = stepsAt && file.list(stepsAt, mostSteps);
  const placed = (entries ?? []).map((step) => readStep(file, step, budget));
  if (name === undefined || nameAt === undefined || stepsAt === undefined || entries === undefined) return undefined;
  if (!placed.every((step) => step !== undefined)) return undefined;
  checkOrder(file, placed, stepsAt);
  const steps = placed.map(({ step }) => step);
  return { playbook: { name, description, source: file.place(entry), steps }, file, nameAt };
}

function readStep(file: YamlFile, entry: Written, budget: Budget): PlacedStep | undefined {
  const section = file.section(entry, actions, 'action');
  if (section === undefined || section.fields.size === 0) return undefined;
  const [first, second] = [...section.fields];
  if (first === undefined) return undefined;
  if (second !== undefined) {
    file.refuse(second[1], 'One step does two things.', `Begin a new step: \`- ${second[0]}: …\`.`);
    return undefined;
  }
  const [action, at] = first;
  const step = readAction(file, action, at, budget);
  return step === undefined ? undefined : { step, at };
}

function readAction(file: YamlFile, action: string, at: Written, budget: Budget): PlaybookStep | undefined {
  if (action === 'power') return readPower(file, at);
  if (action === 'keys') return readKeys(file, at, budget);
  if (action === 'wait-for-heartbeat') {
    const withinMs = readWithin(file, at);
    return withinMs === undefined ? undefined : { action, withinMs };
  }
  const section = file.section(at, ['see', 'not', 'within'], 'key');
  if (section === undefined) return undefined;
  const screen = readCondition(file, section, 'see', budget);
  const withinMs = readWithinOf(file, section);
  if (screen === undefined || withinMs === undefined) return undefined;
  return { action: 'wait-for-screen', screen, withinMs };
}

const powers = ['on', 'off', 'cycle'] as const;

function readPower(file: YamlFile, at: Written): PlaybookStep | undefined {
  const text = file.text(at);
  if (text === undefined) return undefined;
  const to = powers.find((known) => known === text);
  if (to !== undefined) return { action: 'power', to };
  if (['reset', 'soft', 'nmi', 'diag'].includes(text)) {
    const message = `A playbook does not \`${text}\`: what came of it cannot be read back.`;
    file.refuse(at, message, 'Write `cycle`: it is off, then on, and both are read back.');
  } else {
    file.refuse(
      at,
      `The power action ${quoted(text)} is not known.${didYouMean(text, powers)}`,
      'Write on, off or cycle.',
    );
  }
  return undefined;
}

function readKeys(file: YamlFile, at: Written, budget: Budget): PlaybookStep | undefined {
  const section = file.section(at, ['type', 'press', 'see', 'not', 'within'], 'key');
  if (section === undefined) return undefined;
  const typeAt = section.fields.get('type');
  const pressAt = section.fields.get('press');
  if (typeAt === undefined && pressAt === undefined) {
    file.refuse(at, 'It neither types nor presses anything.', 'Add `type: TEXT`, `press: KEY` or both.');
    return undefined;
  }
  const type = typeAt && readTyped(file, typeAt);
  const press = pressAt === undefined ? [] : readPressed(file, pressAt);
  const see = readCondition(file, section, 'see', budget);
  const withinMs = readWithinOf(file, section);
  if (press === undefined || see === undefined || withinMs === undefined) return undefined;
  return typeAt !== undefined && type === undefined
    ? undefined
    : { action: 'keys', ...(type === undefined ? {} : { type }), press, see, withinMs };
}

/** The keys of a US keyboard that make one character each. */
function readTyped(file: YamlFile, at: Written): string | undefined {
  const text = file.text(at);
  if (text === undefined) return undefined;
  const strange = /[^ -~]/u.exec(text)?.[0];
  if (strange !== undefined) {
    const name = /^[\n\r\t]$/.test(strange)
      ? { '\n': 'A line end', '\r': 'A line end', '\t': 'A tab' }[strange]
      : undefined;
    const message = `${name ?? quoted(strange)} has no key of its own on a US keyboard.`;
    const remedy =
      name === undefined
        ? 'Type ASCII only.'
        : `Name it under \`press\`: \`press: ${strange === '\t' ? 'Tab' : 'Enter'}\`.`;
    file.refuse(at, message, remedy);
    return undefined;
  }
  if (text.length > longestTyped) {
    file.refuse(at, `The text has ${text.length} characters.`, `Type at most ${longestTyped} in one step.`);
    return undefined;
  }
  return text;
}

function readPressed(file: YamlFile, at: Written): Key[] | undefined {
  const entries = file.isList(at) ? file.list(at, mostKeys) : [at];
  if (entries === undefined) return undefined;
  const keys = entries.map((entry) => readKey(file, entry));
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function readKey(file: YamlFile, at: Written): Key | undefined {
  const text = file.text(at);
  const key = text === undefined ? undefined : parseKey(text);
  if (text === undefined || key !== undefined) return key;
  const known = Object.keys(keysyms);
  const remedy = `Known are: ${known.join(', ')}. Text goes under \`type\`.`;
  file.refuse(at, `The key ${quoted(text)} is not known.${didYouMean(text, known)}`, remedy);
  return undefined;
}

function readWithinOf(file: YamlFile, section: Section): number | undefined {
  const at = section.fields.get('within');
  return at === undefined ? withinDefaultMs : readWithin(file, at);
}

function readWithin(file: YamlFile, at: Written): number | undefined {
  const text = file.text(at);
  if (text === undefined) return undefined;
  const span = parseDuration(text);
  if (span !== undefined && span >= 1_000 && span <= longestPlaybookMs) return span;
  const what = span === undefined ? 'is not a span of time' : 'is out of bounds';
  file.refuse(at, `${quoted(text)} ${what}.`, 'Write it like `90s`, `5m` or `1h`: at least 1s and at most 1h.');
  return undefined;
}

/** Each acting step must know what it acts on, and the last step must prove that it helped. */
function checkOrder(file: YamlFile, steps: readonly PlacedStep[], stepsAt: Written): void {
  let expected: 'screen' | 'off' | 'nothing' | 'heartbeat' = 'screen';
  for (const { step, at } of steps) {
    if (step.action === 'wait-for-screen') expected = 'screen';
    else if (step.action === 'wait-for-heartbeat') expected = 'heartbeat';
    else if (expected === 'heartbeat') {
      const message = 'Nothing is done after `wait-for-heartbeat`: the machine is back then.';
      file.refuse(at, message, 'Make it the last step, or use `wait-for-screen` before this one.');
      return;
    } else if (step.action === 'keys') {
      if (expected !== 'screen') {
        const message =
          'Keys follow a change of power, and nothing says what must be on the screen before they are typed.';
        file.refuse(at, message, 'Put `- wait-for-screen: { see: PATTERN, within: 60s }` before them.');
      }
      expected = 'screen';
    } else if (expected !== 'screen' && !(step.to === 'on' && expected === 'off')) {
      const message = 'The power is changed again, and nothing says what must be on the screen by then.';
      file.refuse(at, message, 'Put a `- wait-for-screen:` between them, or remove one.');
      expected = 'screen';
    } else {
      expected = step.to === 'off' ? 'off' : 'nothing';
    }
  }
  const last = steps.at(-1);
  if (last === undefined) {
    file.refuse(stepsAt, 'The playbook has no step.', 'Give at least one, such as `- wait-for-heartbeat: 5m`.');
  } else if (last.step.action === 'power') {
    const message = 'The playbook ends without proof that it helped.';
    file.refuse(last.at, message, 'End it with `- wait-for-heartbeat: 5m` or `- wait-for-screen: { see: PATTERN }`.');
  }
  const totalMs = steps.reduce((sum, { step }) => sum + (step.action === 'power' ? 0 : step.withinMs), 0);
  if (totalMs > longestPlaybookMs) {
    const message = `Its steps may wait ${durationText(totalMs)} in all.`;
    file.refuse(stepsAt, message, `Keep a playbook within ${durationText(longestPlaybookMs)}.`);
  }
}
