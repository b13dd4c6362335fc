/** What is wrong with rule files: collected over all of them and told at once; nothing of the set is used then. */
import { AthanorError } from '../../errors/index.ts';

export interface RuleFinding {
  /** As the file was named by who gave it. */
  file: string;
  /** From 1; 0 when it is about the file, or the set, as a whole. */
  line: number;
  column?: number;
  message: string;
  remedy: string;
}

/** Every error of a set of rule files; nothing of it was taken. */
export class RulesError extends AthanorError {
  readonly findings: readonly RuleFinding[];

  constructor(findings: readonly RuleFinding[]) {
    const [first] = findings;
    const context = first === undefined ? {} : { field: placeText(first), remedy: first.remedy };
    super('invalid-rules', findings.map(describeRuleFinding).join('\n'), context);
    this.findings = findings;
  }
}

/** `linux.yaml:12:9: The action "powr" is not known. …` */
export function describeRuleFinding(finding: RuleFinding): string {
  const column = finding.line === 0 || finding.column === undefined ? '' : `:${finding.column}`;
  return `${placeText(finding)}${column}: ${finding.message} ${finding.remedy}`;
}

function placeText({ file, line }: RuleFinding): string {
  return line === 0 ? file : `${file}:${line}`;
}

const mostFindings = 200;

/** Collects findings up to a bound: a file that is no rule file at all must not fill the screen or the memory. */
export function createFindings(): { list: RuleFinding[]; add(finding: RuleFinding): void } {
  const list: RuleFinding[] = [];
  return {
    list,
    add: (finding) => {
      if (list.length < mostFindings) list.push(finding);
    },
  };
}

/** What a person wrote, short enough for a message. */
export function quoted(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
}

/** `Did you mean "power"?`, with a space before it, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` Did you mean "${meant}"?`;
}

/** The known word nearest to a mistyped one, when it is near enough to be meant. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const short = word.toLowerCase().slice(0, 40);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(short.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(short, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Edits that make one word of the other: a letter more, fewer or changed, or two neighbours exchanged. */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const changed = Number(row[j - 1]) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const exchanged = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const least = Math.min(changed, Number(row[j]) + 1, Number(next[j - 1]) + 1);
      next.push(exchanged ? Math.min(least, Number(before[j - 2]) + 1) : least);
    }
    [before, row] = [row, next];
  }
  return Number(row.at(-1));
}
