/**
 * Node ranges as people of high-performance computing write them (ClusterShell's node sets, FreeIPMI's and pdsh's host
 * ranges): `r1n[01-48]`, `r[1-2]n[01-04,7]`, lists with commas. Read, and written back folded.
 */
import { AthanorError } from '../../errors/index.ts';

/** More at once is a slip of the pen: a whole data centre has fewer. */
const mostNodes = 65_536;

/** Every name, in the order given, each once. Throws `invalid-input`. */
export function expandNodeRanges(texts: readonly string[]): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    for (const word of splitOutside(text)) {
      if (word === '') throw wrong(text, 'holds an empty name');
      for (const name of expandWord(word, text)) {
        names.add(name);
        if (names.size > mostNodes) throw wrong(text, `means more than ${mostNodes} names`);
      }
    }
  }
  return [...names];
}

/** Is it one plain name? */
export function isOneName(texts: readonly string[]): boolean {
  const [text = '', ...more] = texts;
  return more.length === 0 && !text.includes(',') && bracketAt(text) === undefined;
}

function wrong(text: string, what: string): AthanorError {
  return new AthanorError('invalid-input', `"${text}" ${what}.`, {
    field: 'node range',
    value: text,
    remedy: 'Write for example r1n[01-48], n[1-3,7] or a,b,c.',
  });
}

/** At commas that stand in no brackets. */
function splitOutside(text: string): string[] {
  const words: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '[') depth += 1;
    else if (letter === ']') depth -= 1;
    else if (letter === ',' && depth === 0) {
      words.push(text.slice(from, at));
      from = at + 1;
    }
    if (depth < 0 || depth > 1) throw wrong(text, 'has brackets that do not match');
  }
  if (depth !== 0) throw wrong(text, 'has brackets that do not match');
  return [...words, text.slice(from)].map((word) => word.trim());
}

/** The first brackets that are a range; those with a colon hold an IPv6 address. */
function bracketAt(word: string): RegExpExecArray | undefined {
  return /\[([^\]:]*)\]/.exec(word) ?? undefined;
}

function expandWord(word: string, whole: string): string[] {
  const found = bracketAt(word);
  if (found === undefined) return [word];
  const before = word.slice(0, found.index);
  const heads = numbersOf(found[1] ?? '', whole).map((number) => before + number);
  const tails = expandWord(word.slice(found.index + found[0].length), whole);
  if (heads.length * tails.length > mostNodes) throw wrong(whole, `means more than ${mostNodes} names`);
  return heads.flatMap((head) => tails.map((tail) => head + tail));
}

function numbersOf(inside: string, whole: string): string[] {
  const numbers: string[] = [];
  for (const part of inside.split(',')) {
    const range = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part.trim());
    const [, first = '', last = first] = range ?? [];
    if (range === null)
      throw wrong(whole, `has "${part}" between brackets, which is no number and no range of numbers`);
    if (Number(last) < Number(first)) throw wrong(whole, `has the range ${part}, which runs backwards`);
    if (Number(last) - Number(first) >= mostNodes) throw wrong(whole, `means more than ${mostNodes} names`);
    // A leading zero says how wide every number is; `8-12` has none.
    const width = first.startsWith('0') ? first.length : 0;
    for (let number = Number(first); number <= Number(last); number += 1) {
      numbers.push(String(number).padStart(width, '0'));
    }
  }
  return numbers;
}

/**
 * The same names, folded: those that differ only in their last number stand together. Each place of a number comes where
 * the first of its names came; addresses of IPv6 stay as they are.
 */
export function foldNodeRanges(names: readonly string[]): string {
  const places = new Map<string, { before: string; after: string; numbers: string[] }>();
  for (const name of names) {
    // An address of IPv6 has more than one colon; `host:port` is a name like any other.
    const found = /:.*:/.test(name) ? null : /^(?<before>.*?)(?<number>\d{1,9})(?<after>\D*)$/.exec(name);
    const { before = name, number = '', after = '' } = found?.groups ?? {};
    const key = JSON.stringify([before, after, number === '']);
    const place = places.get(key) ?? { before, after, numbers: [] };
    if (number !== '' || place.numbers.length === 0) place.numbers.push(number);
    places.set(key, place);
  }
  const folded = [...places.values()].map(({ before, after, numbers }) => {
    const ranges = rangesOf(numbers);
    const inside = numbers.length === 1 ? ranges.join('') : `[${ranges.join(',')}]`;
    return before + inside + after;
  });
  return folded.join(',');
}

/** `08`, `09`, `10` are one range of width 2; `8`, `9`, `10` are one without a width; `08` and `9` are two. */
function rangesOf(numbers: readonly string[]): string[] {
  const widths = new Set(numbers.filter((number) => /^0./.test(number)).map((number) => number.length));
  const widthOf = (number: string): number => (widths.has(number.length) ? number.length : 0);
  const sorted = numbers.toSorted((a, b) => widthOf(a) - widthOf(b) || Number(a) - Number(b));
  const ranges: [string, string][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    const follows =
      last !== undefined && Number(number) === Number(last[1]) + 1 && widthOf(number) === widthOf(last[1]);
    if (follows) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`));
}
