/** Rule files to one set of rules and playbooks. Refused whole when anything in any file is wrong. */
import { didYouMean } from '../../errors/index.ts';
import { createFindings, quoted, type RuleFinding } from './findings.ts';
import { type ReadPlaybook, readPlaybook } from './read-playbook.ts';
import { type Budget, type ReadRule, readRule } from './read-rule.ts';
import type { RuleSet } from './rule.ts';
import { openYaml, type Written, type YamlFile } from './yaml-file.ts';

const mostFiles = 200;
const mostRules = 500;
const mostPlaybooks = 500;
const longestTogether = 4 * 2 ** 20;

export interface RuleFile {
  /** How findings and sources name it; unique in its set. */
  name: string;
  text: string;
}

/**
 * Parses files as one set: rules are tried in the order of the files and of the lines in them. When there are findings,
 * the set is empty.
 */
export function parseRuleFiles(files: readonly RuleFile[]): { ruleSet: RuleSet; findings: RuleFinding[] } {
  const { list: findings, add } = createFindings();
  const rules: ReadRule[] = [];
  const playbooks: ReadPlaybook[] = [];
  const budget: Budget = { instructions: 0, characters: 0 };
  if (isBounded(files, add)) {
    for (const { name, text } of files) {
      const before = findings.length;
      const file = openYaml(name, text, add);
      for (const document of file.documents) readDocument(file, document, { rules, playbooks, budget });
      if (file.documents.length === 0 && findings.length === before) {
        const remedy = 'Write `rules: []` if there shall be none.';
        add({ file: name, line: 1, column: 1, message: 'The file is empty.', remedy });
      }
    }
  }
  checkNames(rules, 'rule');
  checkNames(playbooks, 'playbook');
  // A playbook that could not be read is not "unknown" as well.
  if (findings.length === 0) checkReferences(rules, playbooks);
  const ruleSet: RuleSet =
    findings.length > 0
      ? { rules: [], playbooks: [] }
      : { rules: rules.map(({ rule }) => rule), playbooks: playbooks.map(({ playbook }) => playbook) };
  return { ruleSet, findings: inOrder(files, findings) };
}

function isBounded(files: readonly RuleFile[], add: (finding: RuleFinding) => void): boolean {
  const names = new Set<string>();
  for (const { name } of files) {
    if (names.has(name)) {
      add({ file: name, line: 0, message: 'Two files have this name.', remedy: 'Give each its own.' });
      return false;
    }
    names.add(name);
  }
  const length = files.reduce((sum, { text }) => sum + text.length, 0);
  if (files.length <= mostFiles && length <= longestTogether) return true;
  add({
    file: files[0]?.name ?? '',
    line: 0,
    message: `The set has ${files.length} files with ${length} characters.`,
    remedy: `Give at most ${mostFiles} files with ${longestTogether} characters together.`,
  });
  return false;
}

function readDocument(
  file: YamlFile,
  document: Written,
  { rules, playbooks, budget }: { rules: ReadRule[]; playbooks: ReadPlaybook[]; budget: Budget },
): void {
  const section = file.section(document, ['rules', 'playbooks'], 'key');
  const rulesAt = section?.fields.get('rules');
  const playbooksAt = section?.fields.get('playbooks');
  for (const entry of (rulesAt && file.list(rulesAt, mostRules)) ?? []) {
    if (rules.length >= mostRules) {
      file.refuse(entry, `The set has more than ${mostRules} rules.`, 'Remove some.');
      break;
    }
    const read = readRule(file, entry, budget);
    if (read !== undefined) rules.push(read);
  }
  for (const entry of (playbooksAt && file.list(playbooksAt, mostPlaybooks)) ?? []) {
    if (playbooks.length >= mostPlaybooks) {
      file.refuse(entry, `The set has more than ${mostPlaybooks} playbooks.`, 'Remove some.');
      break;
    }
    const read = readPlaybook(file, entry, budget);
    if (read !== undefined) playbooks.push(read);
  }
}

function checkNames(entries: readonly (ReadRule | ReadPlaybook)[], what: string): void {
  const first = new Map<string, ReadRule | ReadPlaybook>();
  for (const entry of entries) {
    const { name } = 'rule' in entry ? entry.rule : entry.playbook;
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, entry);
      continue;
    }
    const place = other.file.place(other.nameAt);
    const message = `The ${what} ${quoted(name)} stands in ${place.file}:${place.line} already.`;
    entry.file.refuse(entry.nameAt, message, 'Give one of them another name, or remove it.');
  }
}

function checkReferences(rules: readonly ReadRule[], playbooks: readonly ReadPlaybook[]): void {
  const names = playbooks.map(({ playbook }) => playbook.name);
  const known = new Set(names);
  for (const { rule, file, playbookAt } of rules) {
    if (known.has(rule.playbook)) continue;
    const message = `There is no playbook ${quoted(rule.playbook)} in the set.${didYouMean(rule.playbook, names)}`;
    file.refuse(playbookAt, message, 'Write it under `playbooks:` in one of the files, or name one that is there.');
  }
}

/** By file as they were given, then by line. */
function inOrder(files: readonly RuleFile[], findings: readonly RuleFinding[]): RuleFinding[] {
  const rank = new Map(files.map(({ name }, index) => [name, index]));
  return findings.toSorted(
    (one, other) =>
      (rank.get(one.file) ?? 0) - (rank.get(other.file) ?? 0) ||
      one.line - other.line ||
      (one.column ?? 0) - (other.column ?? 0),
  );
}
