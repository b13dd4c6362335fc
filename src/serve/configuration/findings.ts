/** What is wrong, or looks wrong, in a configuration: collected, sorted by line and shown all at once. */
import { AthanorError } from '../../errors/index.ts';

export interface Finding {
  severity: 'error' | 'warning';
  /** The configuration file. */
  file: string;
  /** From 1; 0 when the finding is about the file as a whole. */
  line: number;
  column: number;
  /** `networks[0].range`; empty for the file as a whole. */
  field: string;
  /** What the person wrote there. Never a secret. */
  value?: string;
  message: string;
  remedy: string;
}

/** A path into the document: keys and indexes. */
export type FieldPath = readonly (string | number)[];

/** A finding before its place in the file is known. */
export interface PlacedFinding extends Omit<Finding, 'file' | 'line' | 'column' | 'field'> {
  path: FieldPath;
  /** Point at the key instead of its value. */
  atKey?: boolean;
}

/** Every error of a configuration file; nothing of it was applied. */
export class ConfigurationError extends AthanorError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    super('invalid-configuration', errors.map(describeFinding).join('\n'), {
      ...(first === undefined ? {} : { field: first.field, remedy: first.remedy }),
      ...(first?.value === undefined ? {} : { value: first.value }),
    });
    this.findings = findings;
  }
}

/** `athanor.yaml:12:9: networks[0].gateway: "10.0.0.300" is not an IPv4 address. Write …` */
export function describeFinding(finding: Finding): string {
  const place = finding.line === 0 ? finding.file : `${finding.file}:${finding.line}:${finding.column}`;
  const field = finding.field === '' ? '' : `${finding.field}: `;
  return `${place}: ${finding.severity}: ${field}${finding.message} ${finding.remedy}`;
}

export function fieldText(path: FieldPath): string {
  let text = '';
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? key : `.${key}`;
  return text;
}
