/**
 * One YAML file as values that know where they stand. Every scalar stays the text that was written (YAML's failsafe
 * schema). The text may come from anyone: size, parts, depth and aliases are bounded before anything is built of it.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, Lexer, LineCounter, parseAllDocuments } from 'yaml';
import { didYouMean } from '../../errors/index.ts';
import { quoted, type RuleFinding } from './findings.ts';
import type { SourcePlace } from './rule.ts';

const longestText = 2 ** 20;
/** Lexical parts: 500 whole rules have about 40,000. */
const mostParts = 100_000;
const deepest = 64;
const mostAliases = 50;

/** A value in the file. */
export interface Written {
  node: unknown;
  /** Offset in the text. */
  at: number;
}

export interface Section {
  whole: Written;
  fields: ReadonlyMap<string, Written>;
}

export interface YamlFile {
  documents: readonly Written[];
  place(written: Written): SourcePlace;
  refuse(written: Written, message: string, remedy: string): void;
  /** The value as text, a list or a section; undefined after a finding when it is none. */
  text(written: Written): string | undefined;
  list(written: Written, most: number): Written[] | undefined;
  section(written: Written, known: readonly string[], what: string): Section | undefined;
  /** A field of a section; undefined after a finding when it is not there. */
  needed(section: Section, name: string, example: string): Written | undefined;
  isList(written: Written): boolean;
}

export function openYaml(file: string, text: string, add: (finding: RuleFinding) => void): YamlFile {
  const lines = new LineCounter();
  const refuseAt = (at: number, message: string, remedy: string): void => {
    const { line, col } = lines.linePos(at);
    add({ file, line: Math.max(1, line), column: Math.max(1, col), message, remedy });
  };
  const documents = parse(text, lines, refuseAt);
  let aliases = 0;

  const resolve = ({ node, at }: Written): unknown => {
    if (!isAlias(node)) return node;
    aliases += 1;
    if (aliases === mostAliases + 1) {
      refuseAt(at, `More than ${mostAliases} aliases (\`*\`) are used.`, 'Write the values out.');
    }
    if (aliases > mostAliases) return node;
    return documents.map((document) => node.resolve(document)).find((target) => target !== undefined) ?? node;
  };

  const wrong = (written: Written, node: unknown, wanted: string): undefined => {
    refuseAt(written.at, `This is ${kindOf(node)}.`, `Write ${wanted} here.`);
  };

  const self: YamlFile = {
    documents: documents.map(({ contents }) => writtenOf(contents, 0)).filter(({ node }) => !isEmpty(node)),
    place: ({ at }) => ({ file, line: Math.max(1, lines.linePos(at).line) }),
    refuse: ({ at }, message, remedy) => refuseAt(at, message, remedy),
    text: (written) => {
      const node = resolve(written);
      if (isScalar(node) && typeof node.value === 'string' && node.value !== '') return node.value;
      return wrong(written, node, 'a single value');
    },
    list: (written, most) => {
      const node = resolve(written);
      if (!isSeq(node)) return wrong(written, node, 'a list, each entry on a line of its own beginning with `- `,');
      if (node.items.length > most) {
        refuseAt(written.at, `The list has ${node.items.length} entries.`, `Give at most ${most}.`);
      }
      return node.items.slice(0, most).map((item) => writtenOf(item, written.at));
    },
    section: (written, known, what) => {
      const node = resolve(written);
      if (!isMap(node)) return wrong(written, node, `a section of \`key: value\` lines (${known.join(', ')})`);
      const fields = new Map<string, Written>();
      for (const { key, value } of node.items.slice(0, 1_000)) {
        const at = writtenOf(key, written.at);
        const name = isScalar(key) ? String(key.value) : '';
        if (!known.includes(name)) {
          const message = `The ${what} ${quoted(name)} is not known here.${didYouMean(name, known)}`;
          refuseAt(at.at, message, `Known are: ${known.join(', ')}.`);
        } else if (fields.has(name)) {
          refuseAt(at.at, `The key ${quoted(name)} is given twice.`, 'Keep one of them.');
        } else {
          fields.set(name, writtenOf(value, at.at));
        }
      }
      return { whole: written, fields };
    },
    needed: (section, name, example) => {
      const field = section.fields.get(name);
      if (field === undefined) {
        refuseAt(section.whole.at, `\`${name}\` is missing here.`, `Add \`${name}: ${example}\`.`);
      }
      return field;
    },
    isList: (written) => isSeq(resolve(written)),
  };
  return self;
}

type Refuse = (at: number, message: string, remedy: string) => void;

function parse(text: string, lines: LineCounter, refuse: Refuse): Document[] {
  if (text.length > longestText) {
    refuse(0, `The file has ${text.length} characters.`, `Give at most ${longestText}; split it into several files.`);
    return [];
  }
  if (!isBounded(text, refuse)) return [];
  try {
    // Keys are compared by the section reader: the parser compares each with each, which takes minutes for many.
    const options = { lineCounter: lines, schema: 'failsafe', prettyErrors: false, uniqueKeys: false } as const;
    const documents = [...parseAllDocuments(text, { ...options, logLevel: 'silent' })];
    const errors = documents.flatMap((document) => document.errors);
    if (errors.some(({ message }) => overflow.test(message))) throw new RangeError('Stack overflow');
    const [first] = errors; // The others mostly follow from it.
    if (first !== undefined) refuse(first.pos[0], sentence(first.message), 'Correct the YAML there.');
    return first === undefined ? documents : [];
  } catch (error) {
    // The parser calls itself for each level of nesting, and some levels take no more than two characters.
    const deep = error instanceof RangeError;
    const message = deep
      ? 'The YAML nests too deeply.'
      : sentence(error instanceof Error ? error.message : 'It failed.');
    refuse(0, message, deep ? 'Write it with fewer levels.' : 'Correct the YAML.');
    return [];
  }
}

/** How the parser tells of a full stack where it catches that itself. */
const overflow = /stack overflow|call stack size/i;

/** The parser takes seconds for a megabyte of brackets or commas; what it will have to build is counted before. */
function isBounded(text: string, refuse: Refuse): boolean {
  let parts = 0;
  let depth = 0;
  let at = 0;
  for (const part of new Lexer().lex(text)) {
    parts += 1;
    if (part === '[' || part === '{') depth += 1;
    if (part === ']' || part === '}') depth -= 1;
    if (depth > deepest) {
      refuse(at, `The YAML nests more than ${deepest} levels deep.`, 'Write it with fewer levels.');
      return false;
    }
    if (parts > mostParts) {
      refuse(at, 'The file has too many parts to be rules.', 'Split it into several files.');
      return false;
    }
    at += part.length;
  }
  return true;
}

function writtenOf(node: unknown, otherwise: number): Written {
  return { node, at: isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise };
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && (node.value === '' || node.value === null));
}

function kindOf(node: unknown): string {
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a section';
  if (isEmpty(node)) return 'empty';
  if (isScalar(node)) return quoted(String(node.value));
  return isAlias(node) ? `\`*${node.source}\`, which names nothing` : 'something that cannot be read';
}

function sentence(message: string): string {
  const line = message.split('\n', 1)[0]?.trim() ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
