/**
 * The configuration file as a document: YAML 1.2, of which JSON is a part. Every scalar stays the text that was written
 * (YAML's failsafe schema), so that a digest of digits is not a number and an error can show what stands in the file.
 */
import { type Document, isMap, isPair, isScalar, LineCounter, parseAllDocuments, type Node } from 'yaml';
import type { FieldPath, Finding, PlacedFinding } from './findings.ts';
import { fieldText } from './findings.ts';

export interface ConfigurationDocument {
  /** Maps, lists and texts. */
  content: unknown;
  /** What YAML itself found wrong; the content is not to be looked at then. */
  findings: Finding[];
  place(finding: PlacedFinding): Finding;
}

export function parseDocument(file: string, text: string): ConfigurationDocument {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, schema: 'failsafe', prettyErrors: false });
  const [document, second] = Array.isArray(documents) ? documents : [];
  const findings: Finding[] = [];
  const add = (offset: number, message: string, remedy: string): void => {
    const { line, col } = lines.linePos(offset);
    findings.push({ severity: 'error', file, line, column: col, field: '', message, remedy });
  };
  for (const error of document?.errors ?? []) add(error.pos[0], sentence(error.message), 'Correct the YAML there.');
  if (second !== undefined) {
    add(second.range[0], 'A second document begins here.', 'Keep one document; remove the line `---`.');
  }
  return {
    content: findings.length === 0 ? contentOf(document, add) : undefined,
    findings,
    place: ({ path, atKey, ...finding }) => ({
      ...finding,
      file,
      field: fieldText(path),
      ...positionOf(document, lines, path, atKey === true),
    }),
  };
}

function contentOf(
  document: Document | undefined,
  add: (offset: number, message: string, remedy: string) => void,
): unknown {
  try {
    // Aliases are expanded up to a bound: a small file must not become a large one.
    return document?.toJS({ maxAliasCount: 50 });
  } catch (error) {
    add(0, sentence(error instanceof Error ? error.message : String(error)), 'Correct the YAML.');
    return undefined;
  }
}

/** Where the path's value (or key) begins; the nearest parent's place when the path is not in the file. */
function positionOf(
  document: Document | undefined,
  lines: LineCounter,
  path: FieldPath,
  atKey: boolean,
): { line: number; column: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const whole = length === path.length;
    const node = whole && atKey ? keyNode(document, path) : nodeAt(document, path.slice(0, length));
    const offset = node?.range?.[0];
    // A parent is a block that begins below its key: the key's line says more.
    const keyed = whole ? offset : (keyNode(document, path.slice(0, length))?.range?.[0] ?? offset);
    if (keyed !== undefined) {
      const { line, col } = lines.linePos(keyed);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function nodeAt(document: Document | undefined, path: FieldPath): Node | undefined {
  const node: unknown = path.length === 0 ? document?.contents : document?.getIn(path, true);
  return isNodeWithRange(node) ? node : undefined;
}

function keyNode(document: Document | undefined, path: FieldPath): Node | undefined {
  const parent = nodeAt(document, path.slice(0, -1));
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1));
  return isNodeWithRange(pair?.key) ? pair.key : undefined;
}

function isNodeWithRange(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function sentence(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
