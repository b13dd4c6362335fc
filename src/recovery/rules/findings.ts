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
