/**
 * Finds a repetition of what repeats by itself, such as `(a+)+`: the pattern that other engines never come back from. The
 * engine here finds it in linear time, but whoever wrote it meant something else, and the rule would not be portable.
 * Reads only patterns that RE2 takes.
 */

interface Item {
  isNullable: boolean;
  /** It can go on for ever, with nothing else in it that has to be there. */
  isEndless: boolean;
}

interface Scan {
  text: string;
  at: number;
  found: string | undefined;
}

/** The first such repetition as it is written, or undefined. */
export function nestedRepetition(text: string): string | undefined {
  const scan: Scan = { text, at: 0, found: undefined };
  readAlternatives(scan);
  return scan.found;
}

/** Up to the closing bracket, which is left, or to the end. */
function readAlternatives(scan: Scan): Item {
  const branches: Item[][] = [[]];
  for (; scan.at < scan.text.length && scan.text[scan.at] !== ')'; ) {
    if (scan.text[scan.at] === '|') {
      scan.at += 1;
      branches.push([]);
    } else {
      branches.at(-1)?.push(readItem(scan));
    }
  }
  return {
    isNullable: branches.some((items) => items.every(({ isNullable }) => isNullable)),
    isEndless: branches.some((items) =>
      items.some(
        ({ isEndless }, index) => isEndless && items.every((item, other) => other === index || item.isNullable),
      ),
    ),
  };
}

const atoms = [
  /\\Q[^]*?(?:\\E|$)/y,
  /\\[pPx](?:\{[^}]*\}|..?)/y,
  /\\[^]/y,
  /\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/y,
  /[^]/y,
];
const groupBegins = /\((?:\?P?<\w+>|\?[imsU-]*:)?/y;
const flags = /\(\?[imsU-]+\)/y;
const repetition = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;

function readItem(scan: Scan): Item {
  const from = scan.at;
  if (take(scan, flags) !== undefined) return { isNullable: true, isEndless: false };
  let item: Item;
  if (take(scan, groupBegins) === undefined) {
    const isZeroWidth = /^(?:[$^]|\\[AzbB])$/.test(takeAtom(scan));
    item = { isNullable: isZeroWidth, isEndless: false };
  } else {
    item = readAlternatives(scan);
    scan.at += 1;
  }
  const times = take(scan, repetition);
  if (times === undefined) return item;
  const [sign = '', least, comma, most] = times;
  const isEndless = /^[*+]/.test(sign) || (comma === ',' && most === '');
  if (isEndless && item.isEndless) scan.found ??= scan.text.slice(from, scan.at);
  return {
    isNullable: item.isNullable || /^[*?]/.test(sign) || Number(least) === 0,
    isEndless: isEndless || item.isEndless,
  };
}

function takeAtom(scan: Scan): string {
  for (const atom of atoms) {
    const taken = take(scan, atom)?.[0];
    if (taken !== undefined) return taken;
  }
  scan.at += 1;
  return '';
}

function take(scan: Scan, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = scan.at;
  const taken = pattern.exec(scan.text) ?? undefined;
  if (taken !== undefined) scan.at = pattern.lastIndex;
  return taken;
}
