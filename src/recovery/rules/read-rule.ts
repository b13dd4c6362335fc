/** One entry of `rules:`. */
import { durationText, parseDuration } from './duration.ts';
import { didYouMean } from '../../errors/index.ts';
import { quoted } from './findings.ts';
import { checkPattern } from './pattern.ts';
import type { Rule, RuleTest, ScreenCondition } from './rule.ts';
import type { Section, Written, YamlFile } from './yaml-file.ts';

const mostPatterns = 20;
const mostTests = 100;
const longestDescription = 500;
const attemptsDefault = { most: 2, withinMs: 3_600_000 };
const attemptBounds = { most: 10, leastMs: 60_000, mostMs: 30 * 86_400_000 };
const ruleKeys = ['name', 'description', 'when', 'playbook', 'attempts', 'tests'];
const expectations = ['match', 'no match'] as const;

/** What the patterns of a set have cost so far: instructions to match with, and characters to read. */
export interface Budget {
  instructions: number;
  characters: number;
}
const mostInstructions = 40_000;
const mostCharacters = 100_000;

/** Where a rule and the name of its playbook stand, for what is checked when all files are read. */
export interface ReadRule {
  rule: Rule;
  file: YamlFile;
  nameAt: Written;
  playbookAt: Written;
}

export function readRule(file: YamlFile, entry: Written, budget: Budget): ReadRule | undefined {
  const section = file.section(entry, ruleKeys, 'key');
  if (section === undefined) return undefined;
  const nameAt = file.needed(section, 'name', 'linux-kernel-panic');
  const name = nameAt && readName(file, nameAt);
  const description = readDescription(file, section);
  const whenAt = file.needed(section, 'when', '{ screen: PATTERN }');
  const when = whenAt && file.section(whenAt, ['screen', 'not'], 'key');
  const screen = when && readCondition(file, when, 'screen', budget);
  const playbookAt = file.needed(section, 'playbook', 'power-cycle');
  const playbook = playbookAt && readName(file, playbookAt);
  const attemptsAt = section.fields.get('attempts');
  const attempts = attemptsAt === undefined ? attemptsDefault : readAttempts(file, attemptsAt);
  const tests = readTests(file, section);
  if (name === undefined || nameAt === undefined || screen === undefined || attempts === undefined) return undefined;
  if (playbook === undefined || playbookAt === undefined) return undefined;
  const source = file.place(entry);
  return { rule: { name, description, source, when: { screen }, playbook, attempts, tests }, file, nameAt, playbookAt };
}

/** The name of a rule or playbook. */
export function readName(file: YamlFile, at: Written): string | undefined {
  const name = file.text(at);
  if (name === undefined || /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return name;
  const remedy = 'Use up to 63 small letters, digits and hyphens, such as `linux-kernel-panic`.';
  file.refuse(at, `${quoted(name)} cannot be a name.`, remedy);
  return undefined;
}

export function readDescription(file: YamlFile, section: Section): string | undefined {
  const at = section.fields.get('description');
  const text = at && file.text(at);
  if (at === undefined || text === undefined) return undefined;
  if (text.length > longestDescription) {
    file.refuse(at, `The description has ${text.length} characters.`, `Give at most ${longestDescription}.`);
  }
  return text.trim();
}

/** Patterns that must all be seen, under `key`, and those of which none may be, under `not`. */
export function readCondition(
  file: YamlFile,
  section: Section,
  key: 'screen' | 'see',
  budget: Budget,
): ScreenCondition | undefined {
  const wantedAt = file.needed(section, key, "'Kernel panic - not syncing'");
  const unwantedAt = section.fields.get('not');
  const all = wantedAt && readPatterns(file, wantedAt, budget);
  const none = unwantedAt === undefined ? [] : readPatterns(file, unwantedAt, budget);
  return all === undefined || none === undefined ? undefined : { all, none };
}

/** A pattern or a list of them, at least one. */
function readPatterns(file: YamlFile, at: Written, budget: Budget): string[] | undefined {
  const entries = file.isList(at) ? file.list(at, mostPatterns) : [at];
  if (entries === undefined) return undefined;
  if (entries.length === 0) {
    file.refuse(at, 'The list is empty.', 'Give at least one pattern, or remove the key.');
    return undefined;
  }
  const patterns = entries.map((entry) => readPattern(file, entry, budget));
  return patterns.every((pattern) => pattern !== undefined) ? patterns : undefined;
}

function readPattern(file: YamlFile, at: Written, budget: Budget): string | undefined {
  const text = file.text(at);
  // Once the set costs too much, which was told, nothing more is compiled: each could take half a second.
  if (text === undefined || isSpent(budget)) return text;
  const { cost, wrong } = checkPattern(text);
  budget.instructions += cost;
  budget.characters += text.length;
  if (wrong !== undefined) {
    file.refuse(at, wrong.problem, wrong.remedy);
    return undefined;
  }
  if (isSpent(budget)) {
    const remedy = 'Use `*` or `+` instead of counts, shorter patterns, or fewer rules.';
    file.refuse(at, 'With this pattern the patterns of the set cost too much together.', remedy);
  }
  return text;
}

function isSpent({ instructions, characters }: Budget): boolean {
  return instructions > mostInstructions || characters > mostCharacters;
}

function readAttempts(file: YamlFile, at: Written): Rule['attempts'] | undefined {
  const text = file.text(at);
  if (text === undefined) return undefined;
  const [, count = '', span = ''] = /^(\d{1,9}) +in +(\S+)$/.exec(text.trim()) ?? [];
  const withinMs = parseDuration(span);
  const remedy = 'Write it like `2 in 1h`: 1 to 10 attempts within 1m to 30d.';
  if (count === '' || withinMs === undefined) {
    file.refuse(at, `${quoted(text)} does not say how many attempts within what time.`, remedy);
    return undefined;
  }
  const most = Number(count);
  const { leastMs, mostMs } = attemptBounds;
  if (most < 1 || most > attemptBounds.most || withinMs < leastMs || withinMs > mostMs) {
    file.refuse(at, `${most} attempts in ${durationText(withinMs)} is out of bounds.`, remedy);
    return undefined;
  }
  return { most, withinMs };
}

function readTests(file: YamlFile, section: Section): RuleTest[] {
  const at = section.fields.get('tests');
  const entries = (at && file.list(at, mostTests)) ?? [];
  return entries.map((entry) => readTest(file, entry)).filter((test) => test !== undefined);
}

function readTest(file: YamlFile, entry: Written): RuleTest | undefined {
  const section = file.section(entry, ['frame', 'expect'], 'key');
  if (section === undefined) return undefined;
  const frameAt = file.needed(section, 'frame', 'frames/panic.png');
  const frame = frameAt && file.text(frameAt);
  const expectAt = file.needed(section, 'expect', 'match');
  const expectText = expectAt && file.text(expectAt);
  if (frameAt === undefined || frame === undefined || expectAt === undefined || expectText === undefined) {
    return undefined;
  }
  if (!isFramePath(frame)) {
    const remedy = 'Name a .png or .ppm file by its path from the rule file, below its folder.';
    file.refuse(frameAt, `${quoted(frame)} cannot be a frame.`, remedy);
    return undefined;
  }
  const expect = expectations.find((known) => known === expectText);
  if (expect === undefined) {
    const message = `${quoted(expectText)} cannot be expected.${didYouMean(expectText, expectations)}`;
    file.refuse(expectAt, message, 'Write `match` or `no match`.');
    return undefined;
  }
  return { frame, expect, line: file.place(entry).line };
}

function isFramePath(frame: string): boolean {
  const parts = frame.split('/');
  return /\.(png|ppm)$/i.test(frame) && !/[\\\0]/.test(frame) && parts.every((part) => part !== '' && part !== '..');
}
